import { describe, expect, test } from "vitest";
import { TestBench } from "../../../cosi/engine/test-bench.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import { MachineType } from "../../resources/config/machine-config.ts";
import { NetworkStatus, networkStatusId } from "../../resources/network/node.ts";
import { MachineStage, MachineStatus, Service } from "../../resources/runtime/node.ts";
import { TimeStatus, timeStatusId } from "../../resources/time-status.ts";
import { machineStatus } from "./machine-status.ts";
import { type NodeFacts, unmetConditions } from "./readiness.ts";

const well = { running: true, healthy: true, unknown: false };
const synced = { synced: true, epoch: 1, syncDisabled: false, server: "ntp", offsetMs: 0 };
const connected = {
  ...{ addressReady: true, connectivityReady: true, hostnameReady: true, etcFilesReady: true },
  waitingFor: "",
};
const fine: NodeFacts = {
  stage: "running",
  time: synced,
  network: connected,
  services: new Map([
    ["apid", well],
    ["machined", well],
  ]),
  machineType: "worker",
};

test.each<[string, Partial<NodeFacts>, [name: string, reason: string][]]>([
  ["nothing", {}, []],
  ["the time", { time: { ...synced, synced: false } }, [["time", "time is not synced"]]],
  ["the time, which nobody has looked at", { time: undefined }, [["time", "time is not synced"]]],
  [
    "the network",
    { network: { ...connected, connectivityReady: false, etcFilesReady: false } },
    [["network", "waiting on: connectivity, etc-files"]],
  ],
  [
    "services",
    { services: new Map([["apid", { running: true, healthy: false, unknown: false }]]) },
    [["services", "apid not healthy, machined not running"]],
  ],
  ["what only control planes have", { machineType: "controlplane" }, [["services", "trustd not running"]]],
  ["nothing in maintenance", { stage: "maintenance", time: undefined, services: new Map() }, []],
  ["nothing while it goes down", { stage: "rebooting", services: new Map() }, []],
])("a machine is ready but for %s", (_, facts, unmet) => {
  expect(unmetConditions({ ...fine, ...facts })).toEqual(unmet.map(([name, reason]) => ({ name, reason })));
});

describe("the machine's status", () => {
  test("follows the stage and what is missing", async () => {
    const bench = new TestBench();
    const { state } = bench;
    await using _ = bench.run([machineStatus]);
    const status = async () => {
      await bench.settle();
      return (await state.find(MachineStatus, "machine"))?.spec;
    };
    const at = (stage: SpecOf<typeof MachineStage>["stage"]) =>
      state.set(MachineStage, "machine", { spec: { stage } });
    expect(await status()).toBeUndefined();
    await at("booting");
    const names = ["time", "network", "services"];
    expect((await status())?.status.unmetConditions.map(({ name }) => name)).toEqual(names);
    await state.set(TimeStatus, timeStatusId, { spec: synced });
    await state.set(NetworkStatus, networkStatusId, { spec: connected });
    await state.set(MachineType, "machine-type", { spec: "worker" });
    for (const id of ["apid", "machined"]) await state.set(Service, id, { spec: well });
    await at("running");
    expect(await status()).toEqual({ stage: "running", status: { ready: true, unmetConditions: [] } });
    await state.destroy(Service, "apid");
    expect((await status())?.status).toEqual({
      ready: false,
      unmetConditions: [{ name: "services", reason: "apid not running" }],
    });
  });
});
