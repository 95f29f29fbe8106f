// Commands of our talosctl whose answers our nodes have not yet: against a machine that answers as the test says.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ImageService } from "../../api/gen/machine/image_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import type { Handlers } from "../../api/grpc/handlers.ts";
import { serve } from "../../api/grpc/serve.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { type Outcome, ourTalosctl } from "./our-talosctl.ts";
import { theirTalosctl, upstreamTalosctl, upstreamTitle } from "./upstream-talosctl.ts";

/** What the machine was asked, in the order of the calls. */
const asked: [method: string, request: unknown][] = [];

/** Answers of one message a node, each after its request has been written down. */
const answering = (answers: Record<string, object>): Handlers<typeof MachineService> =>
  Object.fromEntries(
    Object.entries(answers).map(([name, message]) => [
      name,
      (request: MessageShape<DescMessage>) => {
        asked.push([name, jsonOf(name, request)]);
        return Promise.resolve({ messages: [message] });
      },
    ]),
  );

const jsonOf = (name: string, request: MessageShape<DescMessage>) =>
  toJson(MachineService.methods.find(({ localName }) => localName === name)!.input, request);

const sandbox = {
  ...{ namespace: "k8s.io", id: "kube-system/dns", podId: "kube-system/dns", image: "pause", pid: 7 },
  ...{ status: "SANDBOX_READY", networkNamespace: "cni-1" },
};
const container = {
  ...sandbox,
  id: "kube-system/dns:dns",
  image: "dns",
  pid: 8,
  status: "RUNNING",
  networkNamespace: "",
};
const alarms = { memberAlarms: [{ memberId: 0xfedc_ba98_7654_3210n, alarm: 1 }] };
const downgrade = { clusterDowngrade: { clusterVersion: "3.6.0" } };

const machine = serve(MachineService, {
  ...answering({
    containers: { containers: [container, sandbox] },
    stats: { stats: [{ ...sandbox, memoryUsage: 1_234_567n, cpuUsage: 42n }] },
    restart: {},
    serviceList: { services: [{ id: "apid" }] },
    netstat: {
      connectrecord: [
        ...[
          {
            l4proto: "tcp",
            localip: "10.1.0.2",
            localport: 53,
            remoteip: "0.0.0.0",
            state: 10,
            netns: "cni-1",
          },
        ],
        ...[{ l4proto: "tcp", localip: "10.0.0.5", localport: 22, remoteip: "0.0.0.0", state: 10 }],
      ],
    },
    etcdMemberList: {
      members: [
        {
          id: 255n,
          hostname: "one",
          peerUrls: ["https://a:2380"],
          clientUrls: ["https://a:2379"],
          isLearner: true,
        },
      ],
    },
    etcdStatus: {
      memberStatus: {
        ...{ memberId: 255n, leader: 255n, dbSize: 2000n, dbSizeInUse: 500n, raftIndex: 9n, raftTerm: 3n },
        ...{ raftAppliedIndex: 8n, protocolVersion: "3.6.9", storageVersion: "3.6.0", errors: ["slow"] },
      },
    },
    etcdAlarmList: alarms,
    etcdAlarmDisarm: alarms,
    etcdDefragment: {},
    etcdForfeitLeadership: { member: "two" },
    etcdLeaveCluster: {},
    etcdRemoveMemberByID: {},
    etcdDowngradeValidate: downgrade,
    etcdDowngradeEnable: downgrade,
    etcdDowngradeCancel: downgrade,
  }),
  async *kubeconfig() {
    const archive = execFileSync("tar", ["-cz", "-C", folder, "kubeconfig"]);
    yield { bytes: archive.subarray(0, 100) };
    yield { bytes: archive.subarray(100) };
  },
  async *etcdSnapshot() {
    yield { bytes: new Uint8Array(512) };
    yield { bytes: new Uint8Array(snapshotTail) };
  },
});
let snapshotTail = 32;

const images = serve(ImageService, {
  async *list({ containerd }) {
    asked.push(["list", [containerd?.driver, containerd?.namespace]]);
    yield {
      ...{ name: "ghcr.io/a:1", digest: "sha256:1", size: 12_000_000n, labels: { b: "2", a: "1" } },
      createdAt: { seconds: BigInt(Date.UTC(2026, 7, 14) / 1000), nanos: 0 },
    };
  },
  async *pull({ imageRef }) {
    asked.push(["pull", imageRef]);
    yield { response: { case: "pullProgress", value: { layerId: "1" } } };
    yield { response: { case: "name", value: `${imageRef}@sha256:2` } };
  },
  remove({ imageRef }) {
    asked.push(["remove", imageRef]);
    return Promise.resolve({});
  },
});

let folder: string;
let node: PracticeNode;
let config: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-verbs-"));
  const { secrets, controlPlane } = await practiceCluster();
  node = await openPracticeNode({ config: controlPlane, instead: [machine, images] });
  const plan = { clusterName: "practice", secrets, clock: systemClock, endpoints: [node.address] };
  config = join(folder, "talosconfig");
  writeFileSync(config, clientConfigText(await generateClientConfig(plan)), { mode: 0o600 });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function ours(line: string): Promise<Outcome & { readonly asked: readonly unknown[] }> {
  asked.length = 0;
  const words = [...line.split(" "), "-n", "127.0.0.1"];
  const outcome = await ourTalosctl({ HOME: folder, TALOSCONFIG: config }, words);
  return { ...outcome, asked: [...asked] };
}

const cri = { namespace: "k8s.io", driver: "CRI" };
const system = { namespace: "system" };
const at = "127.0.0.1 +";
const alarm = new RegExp(`^NODE +MEMBER +ALARM\n${at}fedcba9876543210 +NOSPACE\n$`);
const downgraded = (verb: string) =>
  new RegExp(`^NODE +MESSAGE\n${at}downgrade ${verb} success, cluster version 3\\.6\\.0\n$`);

describe("our talosctl asks, and shows", () => {
  test.each<[line: string, asked: readonly unknown[], out: RegExp]>([
    [
      "containers -k",
      [["containers", cri]],
      new RegExp(
        `^NODE +NAMESPACE +ID +IMAGE +PID +STATUS\n${at}k8s\\.io +kube-system/dns +pause +7 +SANDBOX_READY\n` +
          `${at}k8s\\.io +└─ kube-system/dns:dns +dns +8 +RUNNING\n$`,
      ),
    ],
    ["c", [["containers", system]], /^NODE/],
    [
      "stats",
      [["stats", system]],
      new RegExp(`^NODE +NAMESPACE +ID +MEMORY\\(MB\\) +CPU\n${at}k8s\\.io +kube-system/dns +1\\.23 +42\n$`),
    ],
    ["stats --kubernetes", [["stats", cri]], /^NODE/],
    ["restart -k kube-system/dns:dns", [["restart", { ...cri, id: "kube-system/dns:dns" }]], /^$/],
    [
      "image list",
      [["list", [1, 2]]],
      new RegExp(
        `^NODE +IMAGE +DIGEST +SIZE +LABELS +CREATED\n${at}ghcr\\.io/a:1 +sha256:1 +12 MB +a=1,b=2 +2026-08-14T00:00:00Z\n$`,
      ),
    ],
    ["images ls --namespace system", [["list", [1, 1]]], /^NODE/],
    ["image ls --namespace inmem", [["list", [0, 1]]], /^NODE/],
    ["image pull ghcr.io/a:1", [["pull", "ghcr.io/a:1"]], /^$/],
    ["image rm ghcr.io/a:1", [["remove", "ghcr.io/a:1"]], /^$/],
    [
      "netstat -l --pods",
      [
        ["containers", cri],
        [
          "netstat",
          expect.objectContaining({ filter: "LISTENING", netns: { allnetns: true, hostnetwork: true } }),
        ],
      ],
      new RegExp(`State +Pod\n${at}tcp .*LISTEN +kube-system/dns\n${at}tcp .*LISTEN +-\n$`),
    ],
    [
      "netstat Kube-System/dns",
      [
        ["containers", cri],
        ["netstat", expect.objectContaining({ netns: { netns: ["cni-1"] } })],
      ],
      /State\n/,
    ],
    [
      "etcd members",
      [["etcdMemberList", { queryLocal: true }]],
      new RegExp(
        `^NODE +ID +HOSTNAME +PEER URLS +CLIENT URLS +LEARNER\n` +
          `${at}00000000000000ff +one +https://a:2380 +https://a:2379 +true\n$`,
      ),
    ],
    [
      "etcd status",
      [["etcdStatus", {}]],
      new RegExp(
        `^NODE +MEMBER +DB SIZE +IN USE +LEADER +RAFT INDEX +RAFT TERM +RAFT APPLIED INDEX +LEARNER +PROTOCOL +STORAGE +ERRORS\n` +
          `${at}00000000000000ff +2\\.0 kB +500 B \\(25\\.00%\\) +00000000000000ff +9 +3 +8 +false +3\\.6\\.9 +3\\.6\\.0 +slow\n$`,
      ),
    ],
    ["etcd alarm list", [["etcdAlarmList", {}]], alarm],
    ["etcd alarm disarm", [["etcdAlarmDisarm", {}]], alarm],
    ["etcd defrag", [["etcdDefragment", {}]], /^$/],
    ["etcd forfeit-leadership", [["etcdForfeitLeadership", {}]], /^$/],
    ["etcd leave", [["etcdLeaveCluster", {}]], /^$/],
    ["etcd remove-member 00000000000000ff", [["etcdRemoveMemberByID", { memberId: "255" }]], /^$/],
    ["etcd downgrade validate 3.6", [["etcdDowngradeValidate", { version: "3.6" }]], downgraded("validate")],
    ["etcd downgrade enable 3.6", [["etcdDowngradeEnable", { version: "3.6" }]], downgraded("enable")],
    ["etcd downgrade cancel", [["etcdDowngradeCancel", {}]], downgraded("cancel")],
  ])("%s", async (line, requests, out) => {
    const outcome = await ours(line);
    expect(outcome).toMatchObject({ code: 0, asked: requests });
    expect(outcome.out).toMatch(out);
  });

  test("says which image was pulled", async () => {
    expect((await ours("image pull a:1")).error).toBe("127.0.0.1: pulled image a:1@sha256:2\n");
  });

  test("fetches a kubeconfig: into the user's own, to a file, or to standard output", async () => {
    const fetched = "kind: Config\nclusters: [{name: practice, cluster: {server: https://1}}]\n";
    writeFileSync(join(folder, "kubeconfig"), fetched);
    expect(await ours("kubeconfig - --merge=false")).toMatchObject({ code: 0, out: fetched });
    const users = join(folder, ".kube/config");
    expect(await ours("kubeconfig")).toMatchObject({ code: 0, out: "" });
    expect(readFileSync(users, "utf8")).toBe(fetched);
    expect(statSync(users).mode & 0o777).toBe(0o600);
    writeFileSync(join(folder, "kubeconfig"), fetched.replace("https://1", "https://2"));
    expect(await ours("kubeconfig")).toMatchObject({ out: `renamed cluster "practice" -> "practice-1"\n` });
    expect(readFileSync(users, "utf8")).toMatch(/https:\/\/1[^]*https:\/\/2/);
    await ours("kubeconfig --force");
    expect(readFileSync(users, "utf8")).not.toContain("https://1");
    const own = ["kubeconfig", users, "--no-merge"].join(" ");
    expect(await ours(own)).toMatchObject({
      ...{ code: 1, error: `kubeconfig file already exists, use --force to overwrite: "${users}"\n` },
    });
    expect((await ours(`${own} -f`)).code).toBe(0);
  });

  test("says that nobody runs the Kubernetes that is to be upgraded", async () => {
    expect(await ours("upgrade-k8s --to 1.36.0 --dry-run --pre-pull-images=false")).toMatchObject({
      ...{ code: 1, error: "Cannot upgrade Kubernetes: no node that is asked runs it\n" },
    });
  });

  test("keeps a snapshot of etcd that is whole, and no other", async () => {
    const path = join(folder, "db");
    expect(await ours(`etcd snapshot ${path}`)).toMatchObject({
      ...{ code: 0, out: `etcd snapshot saved to "${path}" (544 bytes)\n` },
    });
    expect(readFileSync(path).length).toBe(544);
    snapshotTail = 7;
    expect(await ours(`etcd snapshot ${path}2`)).toMatchObject({
      ...{ code: 1, error: "sha256 checksum not found (size 519)\n" },
    });
    expect([existsSync(`${path}2`), existsSync(`${path}2.part`)]).toEqual([false, false]);
  });

  test.each([
    ["netstat --pods a/b", /cannot use --pods and specify a pod/],
    ["netstat nobody/there", /pod nobody\/there not found/],
    ["etcd remove-member six", /"six" is none/],
    ["etcd leave -n 127.0.0.2", /"etcd leave" is not supported with multiple nodes/],
    ["image list --namespace mine", /Allowed choices are system, cri, inmem/],
    ["restart", /missing required argument 'id'/],
  ])("%s is refused", async (line, error) => {
    const outcome = await ours(line);
    expect(outcome.code).toBe(1);
    expect(outcome.error).toMatch(error);
  });
});

describe.skipIf(!upstreamTalosctl)(upstreamTitle, () => {
  test.each([
    "containers -k",
    "stats -k",
    "image list",
    "netstat -l --pods",
    "etcd members",
    "etcd status",
    "etcd alarm list",
    "etcd alarm disarm",
    "etcd downgrade validate 3.6",
  ])("prints the same: %s", async (line) => {
    const words = [...line.split(" "), "-n", "127.0.0.1"];
    const theirs = await theirTalosctl({ TALOSCONFIG: config, HOME: folder }, words);
    expect((await ours(line)).out).toBe(theirs.out);
  });
});
