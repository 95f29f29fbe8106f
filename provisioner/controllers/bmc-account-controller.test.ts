import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { TestBench } from "../../cosi/engine/test-bench.ts";
import { Admission } from "../resources/admission.ts";
import { AgentOrder } from "../resources/agent-order.ts";
import { AgentReport } from "../resources/agent-report.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import { unknownSystem } from "../simulation/unknown-system.ts";
import { bmcAccountController } from "./bmc-account-controller.ts";

const text = "";
const bmc = {
  manufacturer: text,
  product: text,
  firmwareVersion: text,
  ipmiVersion: text,
  mac: text,
  addresses: [],
};

/** An accepted machine with a BMC that nobody has an account of, and its agent attached. */
async function machineWithAgent(bench: TestBench): Promise<void> {
  const at = bench.clock.now();
  await bench.state.create(Machine, "m", {
    spec: {
      identity: { macs: ["52:54:00:00:00:0a"] },
      admission: { is: "accepted", by: "ann" },
      wipeId: 1,
      retryId: 0,
      power: "automatic",
      boot: {},
    },
  });
  await bench.state.create(Admission, "m", { spec: { state: "accepted", by: "ann", why: text, at } });
  await bench.state.create(Inventory, "m", {
    spec: {
      at,
      system: unknownSystem,
      bmc,
      firmware: { mode: "uefi", vendor: text, version: text, date: text },
      processors: [],
      memory: [],
      disks: [],
      networkInterfaces: [],
      pciDevices: [],
      gaps: [],
    },
  });
  await bench.state.create(BootStatus, "m", {
    spec: { state: "agent", kernelBootId: "k", version: "1", since: at, heardAt: at },
  });
}

async function orderOf(bench: TestBench) {
  await bench.clock.advance(1_000);
  const { resources } = await bench.state.list(AgentOrder);
  expect(resources).toHaveLength(1);
  const [order] = resources;
  const { what } = order!.spec;
  if (what.is !== "bmcAccount") throw new Error(`an order to ${what.is}`);
  return { id: order!.metadata.id, password: what.password };
}

/** The agent remembers what it did under an id, and tells it again when it meets that id. */
async function obey(bench: TestBench, id: string): Promise<void> {
  const result = {
    of: "bmcAccount" as const,
    addresses: ["192.0.2.10"],
    mac: text,
    lanChannel: 1,
    userId: 3,
    manufacturer: text,
    firmwareVersion: text,
  };
  await bench.state.set(AgentReport, id, {
    spec: { machine: "m", number: 1, at: bench.clock.now(), outcome: { state: "succeeded", result } },
  });
  await bench.clock.advance(1_000);
}

test("an account is made, and made anew with another password once somebody takes it away", async () => {
  const bench = new TestBench();
  const { state, clock } = bench;
  await using _ = bench.run([bmcAccountController({ state, clock, randomBytes })]);
  await machineWithAgent(bench);

  const first = await orderOf(bench);
  expect(await orderOf(bench)).toEqual(first);
  await obey(bench, first.id);
  expect((await state.get(BmcConfig, "m")).spec).toMatchObject({
    address: "192.0.2.10",
    user: "ingot",
    password: first.password,
    origin: "made",
  });
  expect((await state.list(AgentOrder)).resources).toEqual([]);

  await state.destroy(BmcConfig, "m");
  const second = await orderOf(bench);
  expect(second.id, "which the agent has answered already").not.toBe(first.id);
  expect(second.password).not.toBe(first.password);
  await obey(bench, second.id);
  expect((await state.get(BmcConfig, "m")).spec).toMatchObject({ password: second.password });
});
