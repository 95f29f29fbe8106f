import { expect, test } from "vitest";
import { TestBench } from "../../../cosi/engine/test-bench.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { Diagnostic } from "../../resources/runtime/diagnostic.ts";
import { MachineStage } from "../../resources/runtime/node.ts";
import { TimeStatus, timeStatusId } from "../../resources/time-status.ts";
import { type DiagnosedFacts, diagnose } from "./diagnoses.ts";
import { diagnostics } from "./diagnostics.ts";

const synced = { synced: true, epoch: 1, syncDisabled: false, server: "ntp", offsetMs: 0 };
const none = new Map<string, never>();
const fine: DiagnosedFacts = {
  ...{ stage: "running", time: synced, unused: [], security: undefined, upgrade: undefined },
  ...{ files: none, volumes: none, roots: none, kernelParams: none, watchdogs: none, watchdogsAtWork: none },
};
const file = { operation: "create", mode: "644", sha256: "" } as const;
const volume = { location: "/dev/sdb1", mountLocation: "/var/mnt/a", filesystem: "xfs", size: 1 } as const;
const watchdog = { device: "/dev/watchdog1", timeout: "1m0s" };
const security = { secureBoot: false, lockdown: "none", moduleSignatureEnforced: false };
const upgrade = { slot: "b", image: "factory/ingot:v2", reason: "it hung" } as const;

test.each<[string, Partial<DiagnosedFacts>, string, string[]]>([
  ["a clock that nobody answers for", { time: undefined }, "clock", ["no time server has answered yet"]],
  [
    "a boot that went on without the time",
    { time: { ...synced, server: "" } },
    "clock",
    ["no time server has answered yet"],
  ],
  [
    "a clock that is left alone",
    { time: { ...synced, syncDisabled: true } },
    "clock",
    ["the machine config has switched it off"],
  ],
  [
    "what is not used",
    { unused: ["kept, and not used: cluster (no)"] },
    "config-not-used",
    ["kept, and not used: cluster (no)"],
  ],
  [
    "a file that is not there",
    {
      files: new Map([
        ["/a", { ...file, errorMessage: "no room" }],
        ["/b", { ...file, errorMessage: "" }],
      ]),
    },
    "files",
    ["no room"],
  ],
  [
    "what could be harder",
    { security: { ...security, unmet: ["no lockdown"] } },
    "hardening",
    ["no lockdown"],
  ],
  [
    "a parameter of another kernel",
    { kernelParams: new Map([["proc.sys.a", { current: "", default: "", unsupported: true }]]) },
    "kernel-parameters",
    ["proc.sys.a"],
  ],
  [
    "an authority that cannot be read",
    { roots: new Map([["ours", { certificates: [], errorMessage: "it is none" }]]) },
    "trusted-roots",
    ["it is none"],
  ],
  [
    "an upgrade that failed",
    { upgrade: { ...upgrade, phase: "failed" } },
    "upgrade",
    ["factory/ingot:v2: it hung"],
  ],
  [
    "a volume that cannot be used",
    { volumes: new Map([["a", { ...volume, phase: "failed", errorMessage: "no disk" }]]) },
    "volumes",
    ["a: no disk"],
  ],
  [
    "a watchdog that did not come to be",
    { watchdogs: new Map([["timer", watchdog]]) },
    "watchdog",
    ["/dev/watchdog1, 1m0s: the log of machined says why"],
  ],
])("%s is told of", (_, facts, id, details) => {
  const found = diagnose({ ...fine, ...facts });
  expect([...found.keys()]).toEqual([id]);
  expect(found.get(id)?.details).toEqual(details);
});

test.each<[string, Partial<DiagnosedFacts>]>([
  ["a node that is as it should be", {}],
  ["a clock, while the machine boots", { stage: "booting", time: undefined }],
  ["an upgrade that went well", { upgrade: { ...upgrade, phase: "done" } }],
  [
    "a watchdog at work",
    {
      watchdogs: new Map([["timer", watchdog]]),
      watchdogsAtWork: new Map([["timer", { ...watchdog, feedInterval: "10s" }]]),
    },
  ],
])("of %s nothing is told", (_, facts) => {
  expect([...diagnose({ ...fine, ...facts })]).toEqual([]);
});

test("what is wrong is a resource as long as it is", async () => {
  const bench = new TestBench();
  const { state } = bench;
  await using _ = bench.run([diagnostics]);
  const told = async () => {
    await bench.settle();
    return (await state.list(Diagnostic)).resources.map(({ metadata }) => metadata.id);
  };
  await state.set(MachineStage, "machine", { spec: { stage: "running" } });
  const set = (yaml: string) => state.set(MachineConfig, "v1alpha1", { spec: { yaml, from: "a test" } });
  await set("debug: true\n");
  expect(await told()).toEqual(["clock", "config-not-used"]);
  await state.set(TimeStatus, timeStatusId, { spec: synced });
  await set("machine: {}\n");
  expect(await told()).toEqual([]);
});
