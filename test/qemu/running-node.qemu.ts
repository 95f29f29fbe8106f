// An installed node as others find it: by a look through its API for what need not be there, by our talosctl, and by
// upstream's own Go client, through its restarts.
import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { NetstatRequest_Filter as Filter } from "../../api/gen/machine/network_pb.js";
import type { Channel } from "../../api/grpc/channel.ts";
import { type Client, client } from "../../api/grpc/client.ts";
import { role } from "../../pki/roles.ts";
import { ourTalosctl } from "../compat/our-talosctl.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { type InstalledNode, openInstalledNode } from "./framework/installed-node.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const deadlineMs = 120_000;

/** Upstream's client, built; undefined where there is no Go, or no way to the modules that it needs. */
const upstream = (() => {
  const program = join(project, "out/upstream-client");
  try {
    const cwd = join(project, "test/compat/talos");
    execFileSync("go", ["build", "-o", program, "."], { cwd, stdio: "ignore" });
    return program;
  } catch {
    return undefined;
  }
})();

let node: InstalledNode;
let talosconfig: string;
let admin: Channel;
let calls: Client<typeof MachineService>;
beforeAll(async () => {
  const image = await operatingSystem();
  node = await openInstalledNode({ image, directory: openRunDirectory(project, "running node") });
  talosconfig = await node.talosconfig(role.admin);
  admin = await node.connect(role.admin);
  calls = client(MachineService, admin, { deadlineMs });
});
afterAll(async () => {
  admin?.[Symbol.dispose]();
  await node?.[Symbol.asyncDispose]();
});

async function textOf(path: string): Promise<string> {
  const chunks = await Array.fromAsync(calls.read({ path }, { deadlineMs }), ({ bytes }) => bytes);
  return Buffer.concat(chunks).toString();
}

/** Go's FileMode (package io/fs), which is what the API tells. */
const setsId = 2 ** 23 + 2 ** 22;
const executable = 0o111;

test("it listens where that is documented, and nowhere else", async () => {
  const l4proto = { tcp: true, tcp6: true, udp: true, udp6: true, raw: true, raw6: true };
  const netns = { hostnetwork: true };
  const listening = async () => {
    const { messages } = await calls.netstat({
      ...{ filter: Filter.LISTENING, feature: { pid: true }, l4proto, netns },
    });
    return messages[0]!.connectrecord
      .map(({ l4proto: proto, localip, localport, process }) =>
        [proto, localip, localport, `pid ${process?.pid}`].join(" "),
      )
      .sort();
  };
  // The machine API, and trustd on a control plane. A question for the time is a socket, too, for a moment.
  const documented = ["tcp6 :: 50000 pid 1", "tcp6 :: 50001 pid 1"];
  await expect.poll(listening, { timeout: deadlineMs }).toEqual(documented);
});

test("nothing that is written to can be executed, and nothing that is executed can be written to", async () => {
  const mounts = (await textOf("/proc/mounts"))
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([source = "", at = "", type = "", options = ""]) => ({
      ...{ source, at, type },
      options: new Set(options.split(",")),
    }));
  const lacking = (flag: string) =>
    mounts.filter(({ options }) => !options.has(flag)).map(({ at, type }) => `${at} ${type}`);
  expect(mounts.find(({ at }) => at === "/")?.options).toContain("ro");
  expect(mounts.filter(({ options }) => options.has("rw") && !options.has("noexec"))).toEqual([]);
  expect(lacking("nosuid")).toEqual([]);
  expect(lacking("nodev").sort()).toEqual(["/dev devtmpfs", "/dev/pts devpts"]);
  // The system itself, and the program of PID 1.
  expect(lacking("noexec").sort()).toEqual(["/ squashfs", "/usr/lib/ingot squashfs"]);
});

test("no file of it changes who runs it, and none is a shell", async () => {
  const files = [];
  const top = await Array.fromAsync(calls.list({ root: "/" }, { deadlineMs }), ({ name }) => name);
  for (const root of top.filter((name) => !["/", "/proc", "/sys"].includes(name)))
    files.push(...(await Array.fromAsync(calls.list({ root, recurse: true }, { deadlineMs }))));
  expect(files.filter(({ error }) => error !== "")).toEqual([]);
  expect(files.filter(({ mode }) => (mode & setsId) !== 0).map(({ name }) => name)).toEqual([]);
  const programs = files.filter(({ mode, isDir }) => !isDir && (mode & executable) !== 0);
  const shells = /(^|\/)(ba|da|a|z|fi|k|tc|c)?sh$|busybox|toybox|python|perl|\/(g|m|n)?awk$|\/lua/;
  expect(programs.length).toBeGreaterThan(10);
  expect(files.filter(({ name }) => shells.test(name)).map(({ name }) => name)).toEqual([]);
});

test("PID 1 is alone: every service is a part of it, and nobody else has any capability", async () => {
  const { messages } = await calls.processes({});
  // Threads of the kernel have no program.
  const programs = messages[0]!.processes.filter(({ executable: program }) => program !== "");
  expect(programs.map(({ pid, executable: program }) => [pid, program])).toEqual([[1, "/usr/bin/node"]]);
  const status = await textOf("/proc/1/status");
  const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1];
  // All that the kernel knows, and nothing that a program begun by it would have by itself.
  expect(field("CapEff")).toBe(field("CapBnd"));
  expect(["CapInh", "CapAmb"].map(field)).toEqual(["0000000000000000", "0000000000000000"]);
  const { messages: lists } = await calls.serviceList({});
  expect(lists[0]!.services.map(({ id }) => id)).toEqual(["apid", "machined", "trustd"]);
});

describe("our talosctl", () => {
  test.each<[string, RegExp, RegExp?]>([
    ["version", /Server:\n\tNODE: +10\.1\.0\.2\n\tTag: +v1\.13\.0/],
    ["get rd", /machineconfigs\.config\.talos\.dev/],
    ["get hostname -o yaml", /^ {4}hostname: node-1$/m],
    ["get hostname", /^10\.1\.0\.2 +network +HostnameStatus +hostname +\d+ +node-1/m],
    ["get hostname -w", /node-1/, /node-1/],
    ["get disks", /nvme0n1/],
    ["get mc v1alpha1 -o yaml", /clusterName: lab/],
    ["services", /^10\.1\.0\.2 +apid +Running +OK /m],
    ["service machined", /^STATE +Running$/m],
    ["logs -f machined", /machine API/, /machine API/],
    ["dmesg -f", /Linux version/, /Linux version/],
    ["events --tail -1", /MachineStatusEvent/, /MachineStatusEvent/],
    ["list -l /etc", /os-release$/m],
    ["read /proc/version", /^Linux version/],
    ["usage /etc", /\d+ +\.$/m],
    ["memory", /^10\.1\.0\.2 +\d+/m],
    ["processes", /machined\.cjs/],
    ["mounts", / \/var$/m],
    ["netstat -l -t", / :::50000 +:::\* +LISTEN$/m],
  ])("%s", async (line, expected, until) => {
    const words = ["-n", node.address, ...line.split(" ")];
    const { code, out, error } = await ourTalosctl({ TALOSCONFIG: talosconfig }, words, { until });
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out).toMatch(expected);
  });
});

describe.skipIf(!upstream)(
  upstream ? "upstream's Go client" : "upstream's Go client (skipped: it cannot be built here)",
  () => {
    test("operates the node, through its restarts to its reset", { timeout: 1_200_000 }, async () => {
      const operating = promisify(execFile)(upstream!, ["node", talosconfig, node.address]);
      const restarts = (async () => {
        for (const why of ["apply", "reboot"]) {
          expect(await node.machine.ended, why).toBe("guest-reset");
          await node.boot();
        }
      })();
      const { stdout } = await operating;
      await restarts;
      expect(await node.machine.ended, "reset").toBe("guest-reset");
      expect(stdout).toBe(`version: linux on 10.1.0.2, rbac true
resource definitions: at least 30 true
get as yaml: map[domainname: hostname:node-1]
get as a table: Hostname node-1, Domainname
watch: Created, Bootstrapped
disks: 2
machine config: controlplane
service list: apid Running, machined Running, trustd Running
logs -f: says machine API
dmesg -f: says Linux version
events: the machine runs
list: true
read: Linux
copy: gzip true
statistics: memory true, processes true, mounts true
apply without a restart: AUTO is NO_REBOOT, NO_REBOOT is NO_REBOOT, TRY is TRY, STAGED is STAGED
apply with a restart: REBOOT is Unimplemented, STAGED, and it is back
reboot: sequence reboot, and it is back
reset: sequence reset
`);
    });
  },
);
