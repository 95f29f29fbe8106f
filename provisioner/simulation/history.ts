import { equal } from "../../cosi/query.ts";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { actions } from "../decisions/legal-actions.ts";
import { nextStep } from "../decisions/next-step.ts";
import { powerWanted } from "../decisions/power-wanted.ts";
import { AcceptanceRule } from "../resources/acceptance-rule.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { Machine } from "../resources/machine.ts";
import { Profile } from "../resources/profile.ts";
import type { Stage } from "../resources/stages.ts";
import { WipeStatus } from "../resources/wipe-status.ts";
import { JumpingClock } from "./jumping-clock.ts";
import type { Disks } from "./machine-body.ts";
import { ask } from "./people.ts";
import { between, oneOf, randomFrom } from "./random.ts";
import { SimulatedMachine } from "./simulated-machine.ts";
import { mostWipesAtOnce, SimulatedProvisioner } from "./simulated-provisioner.ts";
import { noFaults, type Site } from "./site.ts";
import { storedFacts } from "./stored-facts.ts";

export interface HistoryOptions {
  readonly seed: number;
  readonly story?: (line: string) => void;
}

export interface History {
  readonly violations: readonly string[];
  /** Where each machine came to rest. */
  readonly stages: readonly (Stage | "unknown")[];
}

const minute = 60_000;
/** After so long without faults every machine is where it belongs, or has failed: three tries of three stages. */
const longestRestMinutes = 9 * 60;
const moving: ReadonlySet<Stage> = new Set<Stage>([
  "removing",
  "inspecting",
  "releasing",
  "wiping",
  "settingUpBmc",
  "installing",
  "starting",
]);

/** Lives through one random history of a small site: all that happens in it comes of its seed. */
export async function liveHistory({ seed, story = () => undefined }: HistoryOptions): Promise<History> {
  const random = randomFrom(seed);
  const even = new VirtualClock({ start: new Date("2026-01-01T00:00:00Z") });
  const clock = new JumpingClock(even);
  const store = new MemoryStore({ history: 1000 });
  const people = new State({ store, clock });
  const begun = even.elapsedMs();
  const site: Site = {
    clock,
    random,
    people,
    faults: { ...noFaults },
    services: undefined,
    pxeServer: oneOf(random, ["onItsOwn", "inside"] as const),
    heardAt: undefined,
    turnedAway: new Map(),
    violations: [],
    story: (line) => story(`${((even.elapsedMs() - begun) / 1000).toFixed(1)} s: ${line}`),
  };
  const machines = new Map<string, SimulatedMachine>();
  for (let number = 1; number <= oneOf(random, [1, 1, 2, 3]); number++) {
    const machine = simulatedMachine(`m${number}`, site);
    machines.set(machine.id, machine);
  }
  await furnish(site, machines);

  const processes: SimulatedProvisioner[] = [];
  let faulty = true;
  let isOver = false;
  const start = () => {
    if (isOver) return;
    const process = new SimulatedProvisioner(store, machines, site);
    process.onDeath = () => void clock.after(between(random, 1000, faulty ? 120_000 : 1000), start);
    processes.push(process);
  };
  start();

  const profile = oneOf(random, ["answers", "calls"] as const);
  const all = [...machines.values()];
  const troubled = random() < 0.8;
  if (troubled) Object.assign(site.faults, randomFaults(random));
  for (let event = between(random, 3, 14); event > 0; event--) {
    await even.advance(oneOf(random, [1000, 20_000, 2 * minute, 10 * minute, 25 * minute]));
    const machine = oneOf(random, all);
    if (!troubled || random() < 0.6) {
      if (await storedFacts(people, machine.id)) await askSomething(machine, profile, random);
      else machine.turnOn();
    } else await strike(machine, processes.at(-1)!, clock, random);
    await check(site, all);
  }
  faulty = false;
  Object.assign(site.faults, noFaults);

  // First as it comes; then people look at what failed, and nothing is in the way any more.
  await rest(even, site, all);
  for (const machine of all) await ask(machine, "retry", profile);
  await rest(even, site, all);
  const stages = await Promise.all(all.map((machine) => judge(machine, profile)));

  // One that died in the last moment is not replaced either: it would live for ever.
  isOver = true;
  processes.at(-1)!.kill();
  for (const machine of all) machine.turnOff();
  await even.run();
  await Promise.all(processes.map(({ ended }) => ended));
  return { violations: site.violations, stages };
}

function simulatedMachine(id: string, site: Site): SimulatedMachine {
  const { random } = site;
  const hardware = {
    bmc: random() < 0.8,
    networkFirst: random() < 0.7,
    badDisk: random() < 0.05,
    diskless: random() < 0.05,
  };
  const disks: Disks = oneOf(random, [
    { is: "empty" },
    { is: "foreign", boots: false },
    { is: "foreign", boots: true },
  ] as const);
  return new SimulatedMachine(id, hardware, hardware.diskless ? { is: "empty" } : disks, site);
}

/** What people prepared: a rule or none, profiles, and perhaps machines that they know before they are seen. */
async function furnish(
  { people, random }: Site,
  machines: ReadonlyMap<string, SimulatedMachine>,
): Promise<void> {
  if (random() < 0.6) {
    await people.create(AcceptanceRule, "all", { spec: { order: 1, verdict: "accept", when: [] } });
  }
  const boots = { what: "chain", url: "https://factory.example/pxe" } as const;
  for (const [id, evidence] of [
    ["answers", "nodeApi"],
    ["calls", "phoneHome"],
  ] as const) {
    await people.create(Profile, id, { spec: { boots, installDisk: {}, installedBy: { evidence } } });
  }
  for (const { id, hardware } of machines.values()) {
    if (random() < 0.5) continue;
    const admission = random() < 0.7 ? ({ is: "accepted", by: "ann" } as const) : ({ is: "byRule" } as const);
    const spec = {
      identity: { macs: [] },
      admission,
      wipeId: 1,
      retryId: 0,
      power: "automatic",
      boot: {},
    } as const;
    await people.create(Machine, id, { spec: { ...spec, identity: { macs: [] } } });
    if (!hardware.bmc || random() < 0.3) continue;
    await people.create(BmcConfig, id, {
      spec: {
        address: `bmc-${id}`,
        driver: "automatic",
        user: "ann",
        password: "given",
        tls: { verify: "off" },
        origin: "given",
      },
    });
  }
}

const randomFaults = (random: () => number) => ({
  lostCommand: oneOf(random, [0, 0, 0.2, 0.5]),
  silentBmc: oneOf(random, [0, 0, 0.2, 0.5]),
  lyingBmc: oneOf(random, [0, 0, 0.05, 0.2]),
  lostBootOrder: oneOf(random, [0, 0, 0.5]),
});

async function askSomething(
  machine: SimulatedMachine,
  profile: "answers" | "calls",
  random: () => number,
): Promise<void> {
  const wishes = [...actions].sort(() => random() - 0.5);
  // What people do most is tried first.
  if (random() < 0.6) wishes.unshift("accept", "assign", "release");
  for (const wish of wishes) if (await ask(machine, wish, profile)) return;
}

/** One thing that goes wrong now. */
async function strike(
  machine: SimulatedMachine,
  process: SimulatedProvisioner,
  clock: JumpingClock,
  random: () => number,
): Promise<void> {
  const { site, activity } = machine;
  const strikes: Readonly<Record<string, () => unknown>> = {
    kill: () => process.kill(),
    killAtAStep: () => process.dieSoon(between(random, 1, 40)),
    powerLoss: () => machine.turnOff(),
    reset: () => machine.reset("by itself"),
    pushedButton: () => machine.turnOn(),
    brokenStream: () => activity.is === "agent" && site.services?.drop(activity.agent),
    // A firmware that asks twice, or a relay that repeats.
    duplicateBoot: () =>
      machine.isOn && activity.is === "firmware" && site.services?.plan(machine).catch(() => undefined),
    clockJump: () => clock.jump(oneOf(random, [-1, 1]) * between(random, 1, 3_600) * 1000),
  };
  const name = oneOf(random, Object.keys(strikes));
  site.story(`${machine.id} strikes: ${name}`);
  await strikes[name]!();
}

/** What must hold at any moment. */
async function check({ people, violations }: Site, machines: readonly SimulatedMachine[]): Promise<void> {
  const running = await people.list(WipeStatus, { labels: [equal("ingot.dev/wipe", "running")] });
  if (running.resources.length > mostWipesAtOnce)
    violations.push(`${running.resources.length} are wiped at once`);
  for (const machine of machines) {
    const facts = await storedFacts(people, machine.id);
    if (!facts) continue;
    if (nextStep(facts).stage === "pool" && machine.disks.is !== "empty") {
      violations.push(`${machine.id} is in the pool with something on its disks (${machine.disks.is})`);
    }
  }
}

async function rest(even: VirtualClock, site: Site, machines: readonly SimulatedMachine[]): Promise<void> {
  // Most are there soon, and looking costs.
  for (let waited = 0, next = 5; waited < longestRestMinutes; waited += next, next = Math.min(next * 2, 30)) {
    await even.advance(next * minute);
    await check(site, machines);
    const moves = await Promise.all(machines.map(isMoving));
    if (!moves.includes(true)) return;
  }
}

/** Whether something is still to happen with a machine by itself. */
async function isMoving(machine: SimulatedMachine): Promise<boolean> {
  const facts = await storedFacts(machine.site.people, machine.id);
  if (!facts) return false;
  const wish = powerWanted(facts).is;
  const lacksPower = facts.bmc === "ready" && wish !== "leave" && (wish === "on") !== machine.isOn;
  return moving.has(nextStep(facts).stage) || lacksPower;
}

/** Where a machine came to rest, and whether it may rest there. */
async function judge(machine: SimulatedMachine, profile: "answers" | "calls"): Promise<Stage | "unknown"> {
  const { site, id, hardware } = machine;
  const facts = await storedFacts(site.people, id);
  if (!facts) return "unknown";
  const { stage, why } = nextStep(facts);
  if (await isMoving(machine)) site.violations.push(`${id} never comes to rest: ${stage}, ${why}`);
  // Off before it was ever seen is how people keep a machine from getting anywhere.
  const isWhole =
    facts.powerAsked !== "off" && facts.bmc === "ready" && !hardware.badDisk && !hardware.diskless;
  if (stage === "failed" && isWhole)
    site.violations.push(`${id} failed although nothing is in the way: ${why}`);
  // Of a system that only told once, without a BMC, nothing more can be seen.
  const isSeen = profile === "answers" || facts.bmc === "ready";
  const runs = machine.activity.is === "system" || machine.isStartingOver;
  if (stage === "running" && isSeen && !runs) {
    site.violations.push(`${id} is said to run, and is ${machine.activity.is}`);
  }
  return stage;
}
