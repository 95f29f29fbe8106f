import { expect, test } from "vitest";
import type { SpecOf } from "../../cosi/resource.ts";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { Admission } from "../resources/admission.ts";
import { Assignment } from "../resources/assignment.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { Machine } from "../resources/machine.ts";
import { PowerStatus } from "../resources/power-status.ts";
import { WipeStatus } from "../resources/wipe-status.ts";
import { markUnheard } from "./unheard-boots.ts";

type Boot = SpecOf<typeof BootStatus>;
type Booting = Extract<Boot, { state: "booting" }>;
type Power = SpecOf<typeof PowerStatus>;

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 0, minutes));
const absence = { segment: "local", from: at(60), to: at(62) };
const power = (told: Power["told"], is: "on" | "off" = "on"): Power => ({
  ...{ power: is, since: at(1), readAt: at(59) },
  ...(told && { told }),
});
const told = (minute: number, more: object = {}) => power({ power: "cycle", at: at(minute), ...more });
const booting = (step: Booting["step"], minute: number): Booting => ({
  ...{ state: "booting", bootId: "b1", step, plan: "agent", why: "" },
  ...{ since: at(minute), at: at(minute) },
});
const agent = (minute: number) =>
  ({ state: "agent", kernelBootId: "k1", version: "1", since: at(minute), heardAt: at(minute) }) as const;
const spec: SpecOf<typeof Machine> = {
  identity: { macs: [] },
  admission: { is: "byRule" },
  wipeId: 1,
  retryId: 0,
  power: "automatic",
  boot: {},
};

interface Known {
  readonly power?: Power;
  readonly boot?: Boot;
  readonly isAccepted?: boolean;
  readonly isAssigned?: boolean;
}

async function after({ power: is = told(59), boot, isAccepted = true, isAssigned = false }: Known) {
  const state = new State({ store: new MemoryStore(), clock: { now: () => at(62) } });
  await state.create(Machine, "m1", { spec });
  const reason = { why: "so", at: at(0) };
  if (isAccepted) await state.create(Admission, "m1", { spec: { state: "accepted", ...reason, by: "ann" } });
  const account = { address: "bmc", user: "ann", password: "x", tls: { verify: "off" } } as const;
  await state.create(BmcConfig, "m1", { spec: { ...account, driver: "automatic", origin: "given" } });
  await state.create(PowerStatus, "m1", { spec: is });
  if (boot) await state.create(BootStatus, "m1", { spec: boot });
  if (isAssigned) {
    const run = { state: "done", wipeId: 1, attempt: 1, orderId: "o", disks: [] } as const;
    const wiped = { ...run, disks: [], startedAt: at(0), endedAt: at(1) };
    await state.create(WipeStatus, "m1", { spec: { wipedAt: 1, run: wiped } });
    await state.create(Assignment, "m1", { spec: { profile: "p", how: "install", wipeId: 1 } });
  }
  await markUnheard({ state, clock: systemClock }, absence);
  return (await state.find(BootStatus, "m1"))?.spec;
}

test.each<[string, Known]>([
  ["was turned on before it went", {}],
  ["was turned on while it was away", { power: told(61) }],
  ["was turned on by hand", { power: { power: "on", since: at(61), readAt: at(61) } }],
  ["had asked before it was turned on, and never since", { boot: booting("scripted", 30) }],
  ["was about to load what it boots", { boot: booting("downloading", 60) }],
  ["shall not go on with the agent that was cycled", { boot: agent(30), power: told(59, { agent: "k1" }) }],
])("a machine is unheard that %s", async (_, known) => {
  expect(await after(known)).toMatchObject({ step: "unheard", plan: "agent", at: absence.to });
});

test.each<[string, Known]>([
  ["is off", { power: power(undefined, "off") }],
  ["was turned on long before", { power: told(40) }],
  ["has its script, and asks by itself until it has the rest", { boot: booting("scripted", 60) }],
  ["asked while we looked", { boot: booting("asked", 63) }],
  ["has its agent", { boot: agent(60) }],
  ["nobody has accepted", { isAccepted: false, boot: booting("asked", 60) }],
  ["may be installing itself", { isAssigned: true, boot: { ...booting("downloaded", 60), plan: "install" } }],
])("a machine is left alone that %s", async (_, known) => {
  expect(await after(known)).toEqual(known.boot);
});
