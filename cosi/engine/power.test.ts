// The controller that the style of this house promises, for real: against fake BMCs, on a virtual clock.
import { expect, test } from "vitest";
import { z } from "zod";
import { type Clock, sleep } from "../clock.ts";
import { resourceType } from "../resource.ts";
import { timestamp } from "../spec.ts";
import { State } from "../state.ts";
import { MemoryStore } from "../stores/memory.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { controller } from "./controller.ts";
import { runtime } from "./runtime.ts";

const declare = <Schema extends z.ZodType>(type: string, spec: Schema) =>
  resourceType({ type: `${type}.ingot.dev`, namespace: "default", spec });
const Machine = declare("Machines", z.object({ wanted: z.enum(["on", "off"]) }));
const BmcConfig = declare("BmcConfigs", z.object({ address: z.string() }));
const PowerStatus = declare(
  "PowerStatuses",
  z.object({ power: z.enum(["on", "off"]), changedAt: timestamp }),
);

interface Bmc extends AsyncDisposable {
  isOn(): Promise<boolean>;
  on(): Promise<void>;
  off(): Promise<void>;
}
type OpenBmc = (config: { address: string }) => Promise<Bmc>;

/** Brings each machine to the power state its Machine asks for. */
const powerController = (deps: { openBmc: OpenBmc; clock: Clock }) =>
  controller({
    name: "Power",
    each: Machine,
    reads: { bmcConfig: BmcConfig, power: PowerStatus },
    owns: PowerStatus,

    async reconcile(machine, { bmcConfig, power }) {
      if (!bmcConfig) return { do: "wait", why: "no BMC credentials yet" };
      await using bmc = await deps.openBmc(bmcConfig.spec);

      const { wanted } = machine.spec;
      const actual = (await bmc.isOn()) ? "on" : "off";
      if (actual === wanted && power) return { do: "set", spec: power.spec };

      if (actual !== wanted) await bmc[wanted]();
      return { do: "set", spec: { power: wanted, changedAt: deps.clock.now() } };
    },
  });

/** Two BMCs, of which the second does not answer at first. Writes down what is asked of them. */
class Chassis {
  readonly asked: string[] = [];
  readonly #on = new Set<string>();
  #silent = 3;
  readonly #clock: Clock;
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly open: OpenBmc = async ({ address }) => {
    if (address === "192.0.2.2" && this.#silent-- > 0) throw new Error("Cannot reach 192.0.2.2: no answer");
    const set = async (power: "on" | "off") => {
      this.asked.push(`${address} ${power}`);
      await sleep(this.#clock, 2000, new AbortController().signal);
      if (power === "on") this.#on.add(address);
      else this.#on.delete(address);
    };
    return {
      isOn: async () => this.#on.has(address),
      on: () => set("on"),
      off: () => set("off"),
      [Symbol.asyncDispose]: async () => undefined,
    };
  };
}

test("machines are brought to the power that was asked of them", async () => {
  const clock = new VirtualClock({ start: new Date("2026-01-01T00:00:00Z") });
  const state = new State({ store: new MemoryStore(), clock });
  const chassis = new Chassis(clock);
  const told: string[] = [];
  const log = (message: string) => void told.push(`${(clock.elapsedMs() - clock0) / 1000} s: ${message}`);
  const clock0 = clock.elapsedMs();
  const engine = runtime({
    state,
    clock,
    controllers: [powerController({ openBmc: chassis.open, clock })],
    log: { info: log, warn: log },
    random: () => 1,
  });
  const stop = new AbortController();
  const running = engine.run(stop.signal);

  await state.set(Machine, "m1", { spec: { wanted: "on" } });
  await state.set(Machine, "m2", { spec: { wanted: "on" } });
  await clock.advance(1000);
  expect(engine.standings("Power", "m1")).toMatchObject([{ state: "wait", why: "no BMC credentials yet" }]);

  await state.set(BmcConfig, "m1", { spec: { address: "192.0.2.1" } });
  await state.set(BmcConfig, "m2", { spec: { address: "192.0.2.2" } });
  await clock.advance(60_000);
  expect((await state.get(PowerStatus, "m1")).spec).toEqual({
    power: "on",
    changedAt: new Date("2026-01-01T00:00:03Z"),
  });
  expect((await state.get(PowerStatus, "m2")).spec).toMatchObject({ power: "on" });

  await state.set(Machine, "m1", { spec: { wanted: "off" } });
  await clock.advance(60_000);
  expect((await state.get(PowerStatus, "m1")).spec).toMatchObject({ power: "off" });

  const leaving = state.teardownAndDestroy(Machine, "m2", stop.signal);
  await clock.advance(1000);
  await leaving;
  expect(await state.find(PowerStatus, "m2")).toBeUndefined();

  stop.abort();
  await clock.run();
  await running;
  expect(chassis.asked).toEqual(["192.0.2.1 on", "192.0.2.2 on", "192.0.2.1 off"]);
  expect(told).toMatchInlineSnapshot(`
    [
      "0 s: Power m1: wait, no BMC credentials yet",
      "0 s: Power m2: wait, no BMC credentials yet",
      "3 s: Power m1: set",
      "3 s: Power m2: Cannot reach 192.0.2.2: no answer",
      "3.2 s: Power m2: Cannot reach 192.0.2.2: no answer",
      "3.6 s: Power m2: Cannot reach 192.0.2.2: no answer",
      "6.4 s: Power m2: set",
    ]
  `);
});
