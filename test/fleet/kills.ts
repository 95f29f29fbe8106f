// A fleet lives its life while the provisioner is killed again and again, without a warning, at moments of chance.
import { setTimeout as delay } from "node:timers/promises";
import { Assignment } from "../../provisioner/resources/assignment.ts";
import type { Stage } from "../../provisioner/resources/stages.ts";
import { between, randomFrom } from "../../provisioner/simulation/random.ts";
import type { FleetMachine } from "./fleet-machine.ts";
import { assign, darkness, follow, makeProfile, register } from "./fleet-plan.ts";
import { FleetProvisioner, openDoor } from "./fleet-provisioner.ts";
import { FleetSite } from "./fleet-site.ts";

export interface KillsOptions {
  readonly folder: string;
  readonly machines: number;
  readonly kills: number;
  readonly seed: number;
  /** How long the provisioner lives in between, at most. */
  readonly lifeMs: number;
  readonly log?: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface KillsResult {
  readonly violations: readonly string[];
  readonly wipes: number;
  readonly boots: number;
  readonly configs: readonly string[];
  readonly tookMs: number;
}

/** Of four machines two stay in the pool, one is installed and stays so, one is installed and released again. */
export const goalOf = ({ index }: FleetMachine): Stage => (index % 4 === 3 ? "running" : "pool");

export async function liveThroughKills(options: KillsOptions): Promise<KillsResult> {
  const { folder, machines: size, kills, seed, lifeMs, log = () => {}, signal } = options;
  const random = randomFrom(seed);
  const began = performance.now();
  await using opened = new AsyncDisposableStack();
  const provisioner = opened.use(await FleetProvisioner.create({ folder }));
  await provisioner.start();
  const { state, booter } = opened.use(await openDoor(provisioner));
  const site = opened.use(await FleetSite.open({ size, random, booter: () => booter }));
  await makeProfile(state);

  const lives = new Map<FleetMachine, number>();
  const arrived = follow(state, site.machines, {
    signal,
    goal: (machine) =>
      machine.index % 4 === 1 && (lives.get(machine) ?? 0) < 2 ? "running" : goalOf(machine),
    onStage: (machine, stage) => {
      const life = lives.get(machine) ?? 0;
      if (stage === "pool" && life === 0 && machine.index % 2 === 1) {
        lives.set(machine, 1);
        site.background(assign(state, machine).then(() => undefined));
      }
      if (stage === "running" && life === 1 && machine.index % 4 === 1) {
        lives.set(machine, 2);
        site.released.add(machine);
        site.background(state.teardown(Assignment, machine.id).then(() => undefined));
      }
    },
  });
  // Whoever waits for it gets the error.
  arrived.catch(() => {});
  const upTo = (count: number) => Math.floor((size * count) / kills);
  for (let count = 1; count <= kills && !signal.aborted; count++) {
    // Some are new each time: every kill comes amid their lives.
    await register(state, site.members.slice(upTo(count - 1), upTo(count)));
    await delay(between(random, 0, lifeMs));
    await provisioner.kill();
    if (count % 10 === 0) log(`killed ${count} times: ${site.wipes} wipes, ${site.configs.length} installed`);
    await provisioner.start();
  }
  await arrived;
  const pool = site.machines.filter((machine) => goalOf(machine) === "pool");
  await darkness(state, pool, signal);
  for (const machine of pool) if (machine.chassis.powered) site.violations.push(`${machine.index} is on`);
  for (const machine of site.machines) {
    const isThere = goalOf(machine) === "running" ? machine.runs === "system" : machine.disk === "empty";
    if (!isThere)
      site.violations.push(`${machine.index} is ${machine.runs} with a disk that is ${machine.disk}`);
  }
  return {
    violations: [...site.violations],
    wipes: site.wipes,
    boots: site.machines.reduce((sum, { boots }) => sum + boots, 0),
    configs: site.configs,
    tookMs: performance.now() - began,
  };
}
