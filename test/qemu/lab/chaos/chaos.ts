import type { RunDirectory } from "../../framework/run-directory.ts";
import type { Rack } from "../../rack/schema.ts";
import { pause } from "../pause.ts";
import { openLabSite } from "../site.ts";
import type { Story } from "../story.ts";
import { bringHome, putToWork } from "./aftermath.ts";
import { Courtroom } from "./courtroom.ts";
import { Faults } from "./faults.ts";
import { Operators } from "./operators.ts";
import { Revival } from "./revival.ts";
import { type Deed, scheduleOf } from "./schedule.ts";

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
/** Between two looks at all that is. */
const lookEveryMs = 1_000;
/** A node is asked every half minute how it is: what it said while there were faults is then out of date. */
const noticeMs = 40_000;

export async function liveThroughChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, minutes, description, directory, stateDir, story, signal } = options;
  const { nowS, say } = story;
  const names = description.machines.map(({ name }) => name);
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  await using site = await openLabSite({
    ...{ directory, description, nowS, say, signal: until },
    learned: (news) => courtroom.learn(news),
    provisionerEnded(failure) {
      say("chaos", `${failure.message}; it is started again`);
      void revival.begin();
    },
  });
  const { rack, board, provisioner } = site;
  const courtroom = new Courtroom(site, say);
  const revival = new Revival({ provisioner, say: (text) => say("chaos", text), signal: until });
  const faults = new Faults({ site, stateDir, revival, say, signal: until });

  await site.acceptAll();
  for (const machine of description.machines) await rack.add(machine);
  const networks = site.networks.pxeServers.map(({ name }) => name);
  const events = scheduleOf({ seed, minutes, machines: names, networks });
  const operators = new Operators(seed, names);
  const begun = performance.now();
  const nowMs = () => performance.now() - begun;
  const isDue = () => events[0] !== undefined && events[0].atMs <= nowMs();
  while (!until.aborted && nowMs() < minutes * 60_000) {
    for (const machine of names) {
      if (courtroom.isUnclear(machine)) await courtroom.learnClaim(machine);
      await courtroom.look(machine);
      const action = operators.due(machine, board.stageOf(machine), nowMs());
      if (action && (await courtroom.do({ machine, action }))) operators.heard(machine, action);
    }
    while (isDue() && !until.aborted) {
      const { what } = events.shift()!;
      if (what.kind === "asked") await courtroom.do(what);
      else await faults.begin(what);
    }
    const untilNextMs = (events[0]?.atMs ?? Number.POSITIVE_INFINITY) - nowMs();
    await pause(Math.max(0, Math.min(lookEveryMs, untilNextMs)), until);
  }
  await faults.healed();
  say("chaos", "the faults are over");
  await revival.underway;

  const expiry = AbortSignal.timeout(settleMs);
  const settle = async (): Promise<string[]> => {
    const aftermath = {
      ...{ board, names, say, signal: until, expiry },
      ask: (name: string, action: "assign" | "retry") => courtroom.ask(name, action),
      whyOf: (name: string) => courtroom.whyOf(name),
    };
    if (names.some((name) => board.stageOf(name) === "running")) await pause(noticeMs, until);
    while (names.some((name) => courtroom.isUnclear(name)) && !until.aborted && !expiry.aborted) {
      for (const name of names) if (courtroom.isUnclear(name)) await courtroom.learnClaim(name);
      await pause(lookEveryMs, until);
    }
    const strays = await bringHome({ ...aftermath, isHome: (name) => courtroom.of(name).isHome });
    for (const name of names) await courtroom.look(name);
    if (strays.length > 0 || courtroom.violations.length > 0 || until.aborted) return strays;
    const idle = await putToWork({ ...aftermath, isAssigned: (name) => courtroom.isAssigned(name) });
    for (const name of names) await courtroom.look(name);
    return idle;
  };
  // Whoever ends the lab meanwhile ends this too; what ends it by itself is told.
  const lost = await Promise.race([settle(), site.living.then((): string[] => [])]);
  const endOf = (name: string) => ({ stage: board.stageOf(name), runs: courtroom.of(name).runs });
  const ended = Object.fromEntries(names.map((name) => [name, endOf(name)]));
  const interrupted = signal.aborted;
  stop.abort();
  await site.living.catch(() => {});
  const { violations, deeds } = courtroom;
  return { violations: [...violations, ...lost], ended, faults: faults.begun, deeds, interrupted };
}
