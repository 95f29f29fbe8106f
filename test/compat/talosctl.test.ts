// Our talosctl against our nodes; and upstream's, where it is at hand ($TALOSCTL, or `talosctl` on the PATH), against the
// same: what both print must be the same.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { type Service } from "../../os/services/supervisor/service.ts";
import { type Listening, ourTalosctl } from "./our-talosctl.ts";
import { theirTalosctl, upstreamTalosctl, upstreamTitle } from "./upstream-talosctl.ts";

let folder: string;
let cluster: Awaited<ReturnType<typeof practiceCluster>>;
let node: PracticeNode;
let other: PracticeNode;
let config: string;

const steady: Service = {
  id: "apid",
  restart: "always",
  operable: ["restart"],
  run: async ({ started, signal }) => {
    started("Started");
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  },
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-talosctl-"));
  cluster = await practiceCluster();
  const kernelLog = [
    {
      at: new Date("2026-08-14T12:00:00.250Z"),
      priority: 6,
      text: "Linux version",
      sequence: 1,
      sinceBootMs: 0,
    },
  ];
  const shared = { config: cluster.controlPlane, kernelLog };
  other = await openPracticeNode({ ...shared, hostname: "other" });
  node = await openPracticeNode({
    ...shared,
    hostname: "first",
    // Nobody listens on the port of the discard service.
    addressOf: (name) => (name === "127.0.0.2" ? other.address : "127.0.0.1:9"),
  });
  for (const it of [node, other]) {
    it.logs.open("apid").write(Buffer.from("one\ntwo\n"));
    it.services.run(steady);
  }
  config = await configFor("talosconfig");
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function configFor(name: string, roles?: Parameters<typeof generateClientConfig>[0]["roles"]) {
  const { secrets } = cluster;
  const client = await generateClientConfig({
    ...{ clusterName: "practice", secrets, clock: systemClock, endpoints: [node.address] },
    ...(roles && { roles }),
  });
  const path = join(folder, name);
  writeFileSync(path, clientConfigText(client), { mode: 0o600 });
  return path;
}

/** A command line of ours. */
const ours = (words: readonly string[], listening: Listening = {}) =>
  ourTalosctl({ HOME: folder, TALOSCONFIG: config }, words, listening, (text) =>
    text.replace("clusterName: practice", "clusterName: edited"),
  );

/** After what of the config the node does not use. */
const applied = expect.stringMatching(/^(WARNING: .*\n)*Applied configuration without a reboot\n$/) as string;

const at = (...nodes: string[]) => ["-n", nodes.join(",")];
const here = at("127.0.0.1");

describe("our talosctl", () => {
  test.each<[string, RegExp]>([
    ["version", /Server:\n\tNODE: +127\.0\.0\.1\n\tTag: +v1\.13\.0\n/],
    ["services", /^NODE +SERVICE +STATE +HEALTH +LAST CHANGE +LAST EVENT\n127\.0\.0\.1 +apid +Running +\? /],
    ["service apid", /^EVENTS +\[Running\]: Started/m],
    ["service apid restart", /^NODE +RESPONSE\n127\.0\.0\.1 +Service "apid" restarted\n$/],
    [
      "get hostname",
      /^NODE +NAMESPACE +TYPE +ID +VERSION +HOSTNAME +DOMAINNAME\n127\.0\.0\.1 +network +HostnameStatus/,
    ],
    ["get hostnamestatus -o jsonpath={.spec.hostname}", /^first\n$/],
    ["get mc v1alpha1 -o yaml", /^spec: \|\n {4}version: v1alpha1\n/m],
    ["get rd", /machineconfigs\.config\.talos\.dev/],
    ["memory", /^NODE +TOTAL +USED/],
    ["processes", new RegExp(`^127\\.0\\.0\\.1 +${process.pid} `, "m")],
    ["mounts", /PERCENT USED/],
    ["time", /time\.example/],
    ["netstat -l -t", /^NODE +Proto +Recv-Q +Send-Q +Local Address +Foreign Address +State\n[^]*LISTEN$/m],
    ["list -l /etc", /^127\.0\.0\.1 +-rw-r--r-- +0 +0 +\d+ .* passwd$/m],
    ["read /proc/version", /^Linux version/],
    ["usage /etc/apt", /\d+ +\.\n$/],
    ["dmesg", /^127\.0\.0\.1: kern: {4}info: \[2026-08-14T12:00:00\.25Z\]: Linux version\n$/],
    ["logs apid", /^127\.0\.0\.1: one\n127\.0\.0\.1: two\n$/],
    ["logs apid --tail 1", /^127\.0\.0\.1: two\n$/],
  ])("%s", async (line, expected) => {
    const { code, out, error } = await ours([...line.split(" "), ...here]);
    expect({ code, error }).toEqual({ code: 0, error: "" });
    expect(out).toMatch(expected);
  });

  test("takes what it is to talk to before the command, too", async () => {
    expect(
      await ours([...here, "-e", node.address, "get", "hostname", "-o", "jsonpath={.spec.hostname}"]),
    ).toEqual({ code: 0, out: "first\n", error: "" });
  });

  test("goes on with a log until it is told to stop", async () => {
    const following = ours(["logs", "-f", "apid", ...here], { until: /three/ });
    await expect.poll(() => node.logs.find("apid")).toBeDefined();
    node.logs.open("apid").write(Buffer.from("three\n"));
    expect(await following).toMatchObject({
      code: 0,
      out: expect.stringMatching(/two\n127\.0\.0\.1: three\n$/) as string,
    });
  });

  test("shows changes of resources as they happen", async () => {
    const { HostnameStatus, hostnameId } = await import("../../os/resources/network/names.ts");
    const watching = ours(["get", "hostname", "-w", ...here], { until: /renamed/ });
    await node.state.set(HostnameStatus, hostnameId, { spec: { hostname: "renamed", domainname: "" } });
    const { out } = await watching;
    expect(out).toMatch(/^NODE +\* +NAMESPACE/);
    await node.state.set(HostnameStatus, hostnameId, { spec: { hostname: "first", domainname: "" } });
  });

  test("shows what each of several nodes says, and fails for the one that does not answer", async () => {
    const { code, out, error } = await ours(["services", ...at("127.0.0.1", "127.0.0.2", "127.0.0.3")]);
    expect(out.split("\n").map((line) => line.split(/ +/).slice(0, 3).join(" "))).toEqual([
      ...["NODE SERVICE STATE", "127.0.0.1 apid Running", "127.0.0.2 apid Running", ""],
    ]);
    expect(error).toMatch(/^1 error occurred:\n\t\* 127\.0\.0\.3: rpc error: code = Unavailable desc = /);
    expect(code).toBe(1);
  });

  test("does to each node what it is told", async () => {
    expect(
      await ours(["reboot", "--wait=false", "-m", "powercycle", ...at("127.0.0.1", "127.0.0.2")]),
    ).toMatchObject({
      code: 0,
    });
    expect([node.asked.at(-1), other.asked.at(-1)]).toEqual(["reboot powercycle", "reboot powercycle"]);
    await ours(["reset", "--no-wait", "--graceful=false", "--reboot", ...here]);
    await ours(["upgrade", "--no-wait", "--legacy", "-i", "factory/ingot:v2", ...here]);
    await ours(["shutdown", "--no-wait", "--force", ...here]);
    await ours(["rollback", ...here]);
    expect(node.asked.slice(-4)).toEqual([
      ...["reset, reboot", "upgrade to factory/ingot:v2", "shutdown by force", "rollback"],
    ]);
  });

  test("upgrades step by step where the machine can: pulls, writes, restarts", async () => {
    const upgrade = ["upgrade", "--no-wait", "-i", "factory/ingot:v3", "-m", "powercycle", ...here];
    expect(await ours(upgrade)).toEqual({
      ...{ code: 0, out: "" },
      error: "127.0.0.1: pulled factory/ingot:v3\n127.0.0.1: writing factory/ingot:v3\n",
    });
    expect(node.asked.slice(-2)).toEqual(["write factory/ingot:v3", "reboot powercycle"]);
  });

  test("installs a machine that runs from memory: pulls, writes, restarts", async () => {
    expect(await ours(["install", "/dev/vda", "--no-wait", "-i", "factory/ingot:v3", ...here])).toEqual({
      ...{ code: 0, out: "" },
      error: "127.0.0.1: pulled factory/ingot:v3\n127.0.0.1: writing factory/ingot:v3 on /dev/vda\n",
    });
    expect(node.asked.slice(-2)).toEqual(["install factory/ingot:v3 on /dev/vda", "reboot default"]);
  });

  test("waits for a machine to be gone, and shows on the way what it does", async () => {
    const leaving = await openPracticeNode({ config: cluster.controlPlane });
    const shown = Promise.withResolvers<void>();
    const hear = (text: string) => text.includes("START") && shown.resolve();
    const waiting = ours(["shutdown", "-e", leaving.address, ...here], { hear });
    await shown.promise;
    expect(leaving.asked).toEqual(["shutdown"]);
    await leaving[Symbol.asyncDispose]();
    const { code, error } = await waiting;
    expect(error).toMatch(/waiting for actor ID: [\da-f-]{36}\n/);
    expect(error).toMatch(/shutdown: START\n[^]*127\.0\.0\.1: done\n$/);
    expect(code).toBe(0);
  });

  test("draws a dashboard of all nodes, until it is told to quit", async () => {
    let press: (key: string) => void = () => expect.fail("nobody listens for keys");
    const size = () => ({ columns: 120, rows: 30 });
    const keys = (pressed: typeof press) => {
      press = pressed;
      return { [Symbol.dispose]: () => {} };
    };
    const hears = /127\.0\.0\.1 +first +v1\.13\.0 [^]*127\.0\.0\.2 +other +v1\.13\.0 [^]*Linux version/;
    const terminal = { size, keys };
    const see = (text: string) => hears.test(text) && press("q");
    const drawing = ours(["dashboard", "-d", "50ms", ...at("127.0.0.1", "127.0.0.2")], { terminal, see });
    expect(await drawing).toMatchObject({ code: 0, error: "" });
    expect((await ours(["dashboard", ...here])).error).toMatch(/needs a terminal/);
  });

  test("waits for a cluster to be well, and says what it waits for", async () => {
    const { MachineStatus } = await import("../../os/resources/runtime/node.ts");
    const status = (ready: boolean, reason: string) => ({
      spec: {
        stage: "running" as const,
        status: { ready, unmetConditions: ready ? [] : [{ name: "time", reason }] },
      },
    });
    const both = ["health", "--control-plane-nodes", "127.0.0.1", "--worker-nodes", "127.0.0.2", ...here];
    for (const it of [node, other]) await it.state.set(MachineStatus, "machine", status(true, ""));
    const well = await ours(both);
    expect(well.error.split("\n")).toEqual(
      [
        ...[
          "etcd to be healthy: SKIP: no node runs etcd",
          "apid to be ready: OK",
          "all nodes memory sizes: OK",
        ],
        ...[
          "all nodes disk sizes: OK",
          "no diagnostics: OK",
          "kubelet to be healthy: SKIP: no node runs kubelet",
        ],
        "all nodes to finish boot sequence: OK",
      ]
        .map((line) => `waiting for ${line}`)
        .concat(""),
    );
    expect(well.code).toBe(0);

    await other.state.set(MachineStatus, "machine", status(false, "time is not in sync"));
    const ill = await ours([...both, "--wait-timeout", "500ms"]);
    expect(ill.error).toMatch(/boot sequence: 127\.0\.0\.2: it runs, but time is not in sync\n/);
    expect(ill.error).toMatch(/gave up waiting for all nodes to finish boot sequence/);
    expect(ill.code).toBe(1);
  });

  test("patches, edits, stages and tries a config", async () => {
    const patch = `{"machine":{"sysctls":{"vm.swappiness":"11"}}}`;
    const patched = await ours(["patch", "mc", "-p", patch, ...here]);
    expect(patched).toMatchObject({
      code: 0,
      out: "patched MachineConfigs.config.talos.dev/v1alpha1 at the node 127.0.0.1\n",
      error: applied,
    });
    expect(node.persisted()?.text).toMatch(/vm\.swappiness"?: "?11/);
    expect(await ours(["edit", "mc", ...here])).toMatchObject({ code: 0 });
    expect(node.persisted()?.text).toContain("clusterName: edited");

    const file = join(folder, "applied.yaml");
    writeFileSync(file, cluster.controlPlane.text);
    const dry = await ours(["apply-config", "-f", file, "--dry-run", ...here]);
    expect(dry.error).toMatch(/^Dry run summary:\n[^]*^-.*edited/m);
    expect((await ours(["apply-config", "-f", file, "-m", "staged", ...here])).error).toMatch(/^Staged/m);
    expect((await ours(["apply-config", "-f", file, "-m", "try", "--timeout", "2m", ...here])).error).toMatch(
      /2m0s$/m,
    );
    expect((await ours(["apply-config", "-f", file, "-p", patch, ...here])).code).toBe(0);
    expect(node.persisted()?.text).toMatch(/vm\.swappiness"?: "?11/);
  });

  test("shows events with what was before", async () => {
    const { SequenceEvent_Action, SequenceEventSchema } = await import("../../api/gen/machine/events_pb.js");
    node.events.publish(SequenceEventSchema, { sequence: "boot", action: SequenceEvent_Action.START }, "me");
    const { out } = await ours(["events", "--tail", "-1", "--actor-id", "me", ...here], { until: /boot/ });
    expect(out).toMatch(
      /^127\.0\.0\.1 +[0-9a-v]{20} +talos\/runtime\/machine\.SequenceEvent +me +boot +START$/m,
    );
  });

  test("gives a client of a lesser role its config, which can do less", async () => {
    const path = join(folder, "reader");
    expect(await ours(["config", "new", path, "--roles", "os:reader", ...here])).toMatchObject({ code: 0 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const as = ["--talosconfig", path, "-e", node.address, ...here];
    expect((await ours(["services", ...as])).code).toBe(0);
    expect(await ours(["read", "/etc/hostname", ...as])).toMatchObject({
      code: 1,
      error: expect.stringContaining("not authorized") as string,
    });
    expect((await ours(["config", "info", "--talosconfig", path])).out).toMatch(/Roles: +os:reader/);
  });

  test("gives a machine without a config its first one", async () => {
    await using fresh = await openPracticeNode();
    const file = join(folder, "first.yaml");
    writeFileSync(file, cluster.controlPlane.text);
    const fingerprint = fresh.said[0]!.split(": ")[1]!;
    const insecure = ["-i", "-n", fresh.address];
    const wrong = await ours(["apply-config", "-f", file, "--cert-fingerprint", "AAAA", ...insecure]);
    expect(wrong).toMatchObject({ code: 1, error: expect.stringContaining(fingerprint) as string });
    const right = await ours(["apply-config", "-f", file, "--cert-fingerprint", fingerprint, ...insecure]);
    expect(right).toMatchObject({ code: 0, error: applied });
    expect(fresh.persisted()?.text).toBe(cluster.controlPlane.text);
  });

  test.each<[string, RegExp]>([
    ["services", /^nodes are not set for the command/],
    ["get nothing -n 127.0.0.1", /resource "nothing" is not registered/],
    ["get hostname -o xml -n 127.0.0.1", /output format "xml" is not supported/],
    ["read /nothing -n 127.0.0.1", /code = NotFound desc = stat \/nothing: no such file or directory/],
    ["read /x -n a,b", /not supported with multiple nodes/],
    ["services --context none -n a", /context "none" is not defined/],
    ["pcap -n a", /unknown command/],
    ["upgrade -i x -n a --drain", /^Cannot drain: this talosctl does not speak to Kubernetes/],
    ["reboot -n a --drain=true", /^Cannot drain/],
    ["health -n a --run-e2e", /^Cannot run Kubernetes' tests/],
    ["gen secrets --talos-version v1.9", /configs are made for v1\.12 and later/],
    ["gen secrets -o - -t short", /bootstraptoken: is no token/],
    ["apply-config -n a", /required option .*--file/],
  ])("%s says what is wrong", async (line, why) => {
    const { code, error } = await ours(line.split(" "));
    expect(code).toBe(1);
    expect(error).toMatch(why);
  });
});

describe.skipIf(!upstreamTalosctl)(upstreamTitle, () => {
  const theirs = (words: readonly string[]) =>
    theirTalosctl({ TALOSCONFIG: config, HOME: folder }, [...words, ...here]);
  const newConfig = `config new ${join(tmpdir(), `talosconfig-${process.pid}`)} --roles os:reader`;
  afterAll(() => rmSync(newConfig.split(" ")[2]!, { force: true }));

  test.each([
    "get rd",
    "get hostname",
    "get hostname -o yaml",
    "get hostname -o json",
    "get mc -o yaml",
    "get hostname -o jsonpath={.spec.hostname}",
    "list /etc/apt",
    "list -l /etc/apt",
    "list -r /etc/apt",
    "read /etc/passwd",
    "usage /etc/apt",
    "usage -a /etc/apt",
    "dmesg",
    "logs apid",
    "config contexts",
  ])("prints the same: %s", async (line) => {
    const words = line.split(" ");
    expect(await ours([...words, ...here])).toMatchObject(await theirs(words));
  });

  test.each([
    ["version", /Tag: +v1\.13\.0/],
    ["services", /apid +Running/],
    ["memory", /AVAILABLE/],
    ["mounts", /MOUNTED ON/],
    ["processes", /COMMAND/],
    ["time", /time\.example/],
    ["netstat -l -t -p", /LISTEN +\d+\/\S+/],
    ["stats", /not served here/],
    ["reboot --wait=false", /^$/],
    [
      "upgrade -i factory/ingot:v4 --wait=false --drain=false",
      /pulled image[^]*Exit code: 0[^]*upgrade completed/,
    ],
    ["upgrade -i factory/ingot:v4 --wait=false", /drain: error fetching kubeconfig [^]*not served here/],
    [`patch mc -p {"machine":{"sysctls":{"vm.swappiness":"12"}}}`, /patched MachineConfigs/],
    [newConfig, /^$/],
  ] as const)("works: %s", async (line, expected) => {
    const { out, error } = await theirs(line.split(" ")).catch(({ stderr }: { stderr: string }) => ({
      ...{ out: "", error: stderr },
    }));
    expect(out + error).toMatch(expected);
  });
});
