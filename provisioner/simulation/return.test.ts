// What becomes of a machine that asked what to boot while no provisioner was there.
import { expect, test } from "vitest";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { nextStep } from "../decisions/next-step.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { Machine } from "../resources/machine.ts";
import { randomFrom } from "./random.ts";
import { SimulatedMachine } from "./simulated-machine.ts";
import { SimulatedProvisioner } from "./simulated-provisioner.ts";
import { noFaults, type Site } from "./site.ts";
import { storedFacts } from "./stored-facts.ts";

const minute = 60_000;

test.each([
  ["that tells whom it turned away", "onItsOwn", 8],
  ["that was away as well", "inside", 11],
] as const)("is booted anew soon after one is back, by a pxe-server %s", async (_, pxeServer, minutes) => {
  const clock = new VirtualClock({ start: new Date("2026-01-01T00:00:00Z") });
  const store = new MemoryStore({ history: 1000 });
  const people = new State({ store, clock });
  const random = randomFrom(1);
  const site: Site = {
    clock,
    random,
    people,
    faults: { ...noFaults },
    services: undefined,
    pxeServer,
    heardAt: undefined,
    turnedAway: new Map(),
    violations: [],
    story: () => undefined,
  };
  const hardware = { bmc: true, networkFirst: true, badDisk: false, diskless: false };
  const machine = new SimulatedMachine("m1", hardware, { is: "foreign", boots: true }, site);
  const machines = new Map([["m1", machine]]);
  await people.create(Machine, "m1", {
    spec: {
      identity: { macs: [] },
      admission: { is: "accepted", by: "ann" },
      wipeId: 1,
      retryId: 0,
      power: "automatic",
      boot: {},
    },
  });
  const account = { address: "bmc-m1", user: "ann", password: "given", tls: { verify: "off" } } as const;
  await people.create(BmcConfig, "m1", { spec: { ...account, driver: "automatic", origin: "given" } });

  const at = () => machine.activity.is;
  const first = new SimulatedProvisioner(store, machines, site);
  while (at() !== "firmware") await clock.advance(1000);
  first.kill();
  // It asks, nobody answers, and it goes on to what is on its disk.
  while (at() !== "system") await clock.advance(1000);
  const second = new SimulatedProvisioner(store, machines, site);
  const back = clock.elapsedMs();
  while (at() !== "agent") await clock.advance(1000);
  expect((clock.elapsedMs() - back) / minute).toBeLessThan(minutes);
  await clock.advance(10 * minute);
  expect(nextStep((await storedFacts(people, "m1"))!).stage).toBe("pool");
  expect(site.violations).toEqual([]);

  second.kill();
  machine.turnOff();
  await clock.run();
  await Promise.all([first.ended, second.ended]);
});
