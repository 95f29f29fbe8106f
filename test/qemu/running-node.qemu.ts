// What somebody finds who looks at a running node through its API: nothing that need not be there.
import { afterAll, beforeAll, expect, test } from "vitest";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { NetstatRequest_Filter as Filter } from "../../api/gen/machine/network_pb.js";
import type { Channel } from "../../api/grpc/channel.ts";
import { type Client, client } from "../../api/grpc/client.ts";
import { role } from "../../pki/roles.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { type InstalledNode, openInstalledNode } from "./framework/installed-node.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const deadlineMs = 120_000;
let node: InstalledNode;
let admin: Channel;
let calls: Client<typeof MachineService>;
beforeAll(async () => {
  const image = await operatingSystem();
  node = await openInstalledNode({ image, directory: openRunDirectory(project, "running node") });
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
  const stateOf = async (id: string) => {
    const { messages } = await calls.serviceList({});
    return messages[0]!.services.find((service) => service.id === id)?.state;
  };
  await expect.poll(() => stateOf("trustd"), { timeout: deadlineMs }).toBe("Running");
  const { messages } = await calls.netstat({
    ...{ filter: Filter.LISTENING, feature: { pid: true }, l4proto, netns },
  });
  const found = messages[0]!.connectrecord.map(({ l4proto: proto, localip, localport, process }) =>
    [proto, localip, localport, `pid ${process?.pid}`].join(" "),
  );
  // The machine API, and trustd on a control plane.
  expect(found.sort()).toEqual(["tcp6 :: 50000 pid 1", "tcp6 :: 50001 pid 1"]);
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
  const { messages: lists } = await calls.serviceList({});
  expect(lists[0]!.services.map(({ id }) => id)).toEqual(["apid", "machined", "trustd"]);
});
