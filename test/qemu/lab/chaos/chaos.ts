import { setTimeout as delay } from "node:timers/promises";
import { CommandFailure } from "../../../../provisioner/cli/exit-codes.ts";
import type { RunDirectory } from "../../framework/run-directory.ts";
import type { Rack } from "../../rack/schema.ts";
import { type LabSite, openLabSite } from "../site.ts";
import type { Story } from "../story.ts";
import { bringHome, putToWork } from "./aftermath.ts";
import { claimOf } from "./claim-of.ts";
import { Custody } from "./custody.ts";
import { Disks } from "./disks.ts";
import { Faults } from "./faults.ts";
import { Operators } from "./operators.ts";
import { type Deed, type Event, type Fault, scheduleOf } from "./schedule.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly description: Rack;
  readonly directory: RunDirectory;
  /** The provisioner's, which can be full. */
  readonly stateDir: string;
  readonly story: Pick<Story, "nowS" | "say">;
  readonly signal: AbortSignal;
}

export interface ChaosResult {
  /** What must never be. */
  readonly violations: readonly string[];
  /** Each machine's last stage, and how often it came to run meanwhile. */
  readonly ended: Readonly<Record<string, { readonly stage: string; readonly runs: number }>>;
  readonly faults: number;
  /** What was asked of machines and not refused, by action. */
  readonly deeds: Readonly<Record<Deed["action"], number>>;
  /** Somebody ended it before it was judged. */
  readonly interrupted: boolean;
}

/** A stage that was missed is tried again by its deadline: 20 minutes for a machine that booted into nowhere. */
const settleMs = 45 * 60_000;
/** A service manager starts again what ended. */
const restartAfterMs = 2_000;
/** Between two looks at all that is. */
const lookEveryMs = 1_000;
/** A node is asked every half minute how it is: what it said while there were faults is then out of date. */
const noticeMs = 40_000;

export async function liveThroughChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, minutes, description, directory, stateDir, story, signal } = options;
  const { nowS, say: tell } = story;
  const names = description.machines.map(({ name }) => name);
  const violations: string[] = [];
  const custodies = new Map<string, Custody>();
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  let restarting: Promise<void> | undefined;
  await using site = await openLabSite({
    ...{ directory, description, nowS, say: tell, signal: until },
    learned: ({ name, kind, spec }) => custodyOf(name).learn(kind, spec),
    provisionerEnded(failure) {
      tell("chaos", `${failure.message}; it is started again`);
      void restart();
    },
  });
  const { rack, board, provisioner } = site;
  function custodyOf(name: string): Custody {
    const known = custodies.get(name) ?? new Custody(name, new Disks(rack.find(name)!.machine.diskFiles));
    custodies.set(name, known);
    return known;
  }
  /** One at a time, whoever wants it. */
  function restart(): Promise<void> {
    restarting ??= startAnew().finally(() => {
      restarting = undefined;
    });
    return restarting;
  }
  async function startAnew(): Promise<void> {
    while (!until.aborted) {
      await provisioner.stop("SIGKILL");
      await pause(restartAfterMs, until);
      const failure = await provisioner.start().then(
        () => undefined,
        (error: Error) => error,
      );
      if (!failure) return;
      tell("chaos", failure.message);
    }
  }

  await site.acceptAll();
  for (const machine of description.machines) await rack.add(machine);
  const idOf = (name: string) => rack.find(name)!.machine.uuid;
  const look = async (name: string) => {
    const { machine, chassis } = rack.find(name)!;
    const found = await custodyOf(name).look(() => !chassis.powered && !machine.isOn);
    violations.push(...found);
    for (const text of found) tell("chaos", text);
  };
  const learnClaim = async (name: string) =>
    custodyOf(name).claimIs(await claimOf(provisioner.api(), idOf(name)));
  const isUnclear = (name: string) => custodyOf(name).claim.is === "unknown";

  const ask = async (name: string, action: Deed["action"] | "retry") => {
    await look(name);
    const body = action === "assign" ? { profile: "default" } : {};
    try {
      await provisioner.api().call("POST", `/api/v1/machines/${idOf(name)}/actions/${action}`, body);
    } catch (error) {
      if (isRefusal(error)) throw error;
      // It may have been heard all the same: what is written down will tell.
      custodyOf(name).giveUp();
      throw error;
    }
    if (action !== "retry") custodyOf(name).giveUp();
    await learnClaim(name);
  };
  const deeds = { assign: 0, release: 0, wipe: 0 };
  const doDeed = async (name: string, action: Deed["action"]): Promise<boolean> => {
    const refusal = await ask(name, action).then(
      () => undefined,
      (error: Error) => error.message,
    );
    tell(name, `${action}: ${refusal ?? "asked"}`);
    if (refusal === undefined) deeds[action]++;
    return refusal === undefined;
  };

  const faults = new Faults(site, stateDir, restart);
  let faultsBegun = 0;
  /** By what is broken: until it is whole. */
  const healing = new Map<string, Promise<void>>();
  const begin = async (fault: Fault) => {
    const victim = "machine" in fault ? fault.machine : "network" in fault ? fault.network : "chaos";
    const broken = `${fault.kind} ${victim}`;
    // The schedule breaks nothing twice at a time; a provisioner that took long to answer made us late.
    await healing.get(broken);
    tell(victim, `${fault.kind} for ${(fault.forMs / 1000).toFixed(1)} s`);
    await restarting;
    const heal = await faults.begin(fault);
    faultsBegun++;
    healing.set(
      broken,
      (async () => {
        await pause(fault.forMs, until);
        await heal();
        tell(victim, `${fault.kind}: over`);
      })(),
    );
  };
  const carryOut = async ({ what }: Event) => {
    if (what.kind === "asked") await doDeed(what.machine, what.action);
    else await begin(what);
  };

  const events = scheduleOf({
    ...{ seed, minutes, machines: names },
    networks: site.networks.pxeServers.map(({ name }) => name),
  });
  const operators = new Operators(seed, names);
  const begun = performance.now();
  const nowMs = () => performance.now() - begun;
  while (!until.aborted && nowMs() < minutes * 60_000) {
    for (const name of names) {
      if (isUnclear(name)) await learnClaim(name);
      await look(name);
      const wish = operators.due(name, board.stageOf(name), nowMs());
      if (wish && (await doDeed(name, wish))) operators.heard(name, wish);
    }
    while (events[0] && events[0].atMs <= nowMs() && !until.aborted) await carryOut(events.shift()!);
    const untilNextMs = (events[0]?.atMs ?? Number.POSITIVE_INFINITY) - nowMs();
    await pause(Math.max(0, Math.min(lookEveryMs, untilNextMs)), until);
  }
  await Promise.all(healing.values());
  tell("chaos", "the faults are over");

  await restarting;
  const aftermath = {
    ...{ board, names, ask, say: tell, signal: until, expiry: AbortSignal.timeout(settleMs) },
    whyOf: (name: string) => whyOf(site, idOf(name)),
  };
  const settle = async (): Promise<string[]> => {
    if (names.some((name) => board.stageOf(name) === "running")) await pause(noticeMs, until);
    while (names.some(isUnclear) && !until.aborted && !aftermath.expiry.aborted) {
      for (const name of names.filter(isUnclear)) await learnClaim(name);
      await pause(lookEveryMs, until);
    }
    const strays = await bringHome({ ...aftermath, isHome: (name) => custodyOf(name).isHome });
    for (const name of names) await look(name);
    if (strays.length > 0 || violations.length > 0 || until.aborted) return strays;
    const isAssigned = (name: string) => custodyOf(name).claim.is === "assigned";
    const idle = await putToWork({ ...aftermath, isAssigned });
    for (const name of names) await look(name);
    return idle;
  };
  violations.push(...(await Promise.race([settle(), theEndOf(site)])));
  const endOf = (name: string) => ({ stage: board.stageOf(name), runs: custodyOf(name).runs });
  const ended = Object.fromEntries(names.map((name) => [name, endOf(name)]));
  const interrupted = signal.aborted;
  stop.abort();
  await site.living.catch(() => {});
  return { violations, ended, faults: faultsBegun, deeds, interrupted };
}

/** Nothing came of what was asked: it was not legal, or nobody was there to hear it. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof CommandFailure)) return false;
  const { cause } = error;
  const isUnheard = cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
  return isUnheard || ["conflict", "notFound", "invalid", "forbidden"].includes(error.ending);
}

const pause = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => {});

function whyOf({ provisioner }: LabSite, id: string): Promise<string> {
  const status = provisioner.api().call("GET", `/api/v1/machine-statuses/${id}`);
  return status.then(
    (one) => (one as { readonly spec: { readonly why: string } }).spec.why,
    (error: Error) => error.message,
  );
}

/** Whoever ends the lab meanwhile ends this too; what ends it by itself is told. */
async function theEndOf({ living }: LabSite): Promise<string[]> {
  await living;
  return [];
}
