import { setTimeout as delay } from "node:timers/promises";
import { CommandFailure } from "../../../../provisioner/cli/exit-codes.ts";
import type { RunDirectory } from "../../framework/run-directory.ts";
import type { Rack } from "../../rack/schema.ts";
import { type LabSite, openLabSite } from "../site.ts";
import type { Story } from "../story.ts";
import { bringHome, putToWork } from "./aftermath.ts";
import { Faults } from "./faults.ts";
import { Marks } from "./marks.ts";
import { type Event, scheduleOf } from "./schedule.ts";

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
  /** Each machine's last stage. */
  readonly ended: Readonly<Record<string, string>>;
  readonly faults: number;
  readonly wipes: number;
  /** Somebody ended it before it was judged. */
  readonly interrupted: boolean;
}

/** A stage that was missed is tried again by its deadline: 20 minutes for a machine that booted into nowhere. */
const settleMs = 45 * 60_000;
/** A service manager starts again what ended. */
const restartAfterMs = 2_000;

export async function liveThroughChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, minutes, description, directory, stateDir, story, signal } = options;
  const { nowS, say: tell } = story;
  const violations: string[] = [];
  const marks = new Marks();
  const wiped = new Map<string, number>();
  const asked = new Map<string, number>();
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  let restarting: Promise<void> | undefined;
  await using site = await openLabSite({
    ...{ directory, description, nowS, say: tell, signal: until },
    learned({ name, kind, spec }) {
      if (kind === "wipe-statuses") wiped.set(name, spec.wipedAt ?? 0);
    },
    provisionerEnded(failure) {
      tell("chaos", `${failure.message}; it is started again`);
      void restart();
    },
  });
  const { rack, board, provisioner } = site;
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
      await delay(restartAfterMs, undefined, { signal: until }).catch(() => {});
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
  const names = description.machines.map(({ name }) => name);
  const isClean = (name: string) =>
    board.stageOf(name) === "pool" && (wiped.get(name) ?? 0) >= (asked.get(name) ?? 1);
  const idOf = (name: string) => rack.find(name)!.machine.uuid;
  const disksOf = (name: string) => rack.find(name)!.machine.diskFiles;
  const check = (name: string) => {
    const found = disksOf(name).flatMap((file) => marks.check(file) ?? []);
    violations.push(...found);
    for (const text of found) tell("chaos", text);
  };
  /** Whoever is clean and off now is marked; and looked at, before anything is asked of it. */
  const markTheClean = () => {
    for (const name of names) {
      check(name);
      const { machine, chassis } = rack.find(name)!;
      if (!isClean(name) || chassis.powered || machine.isOn) continue;
      for (const file of disksOf(name)) marks.put(file);
    }
  };

  const ask = (name: string, action: string, body: object = {}) =>
    provisioner.api().call("POST", `/api/v1/machines/${idOf(name)}/actions/${action}`, body);
  const whyOf = async (name: string) => {
    const status = provisioner.api().call("GET", `/api/v1/machine-statuses/${idOf(name)}`);
    return status.then(
      (one) => (one as { readonly spec: { readonly why: string } }).spec.why,
      (error: Error) => error.message,
    );
  };
  const askWipe = async (name: string) => {
    check(name);
    for (const file of disksOf(name)) marks.giveUp(file);
    const answer = await ask(name, "wipe").then(
      () => "asked",
      (error: Error) => error.message,
    );
    tell(name, `wipe: ${answer}`);
    await learnAsked(name);
    return answer === "asked";
  };
  /** Whether a call was heard whose answer was lost, the machine tells. Until it does, it may be wiped at any moment. */
  const learnAsked = async (name: string) => {
    const unknown = (error: unknown) =>
      // One that nobody has met yet will be wiped once.
      error instanceof CommandFailure && error.ending === "notFound" ? 1 : Number.POSITIVE_INFINITY;
    asked.set(name, await wipeIdOf(idOf(name)).catch(unknown));
  };
  const wipeIdOf = async (id: string) => {
    const machine = (await provisioner.api().call("GET", `/api/v1/machines/${id}`)) as {
      readonly spec: { readonly wipeId: number };
    };
    return machine.spec.wipeId;
  };

  const faults = new Faults(site, stateDir, restart);
  const events = scheduleOf({
    ...{ seed, minutes, machines: names },
    networks: site.networks.pxeServers.map(({ name }) => name),
  });
  let wipes = 0;
  const begun = performance.now();
  const healing: Promise<void>[] = [];
  const carryOut = async ({ what }: Event) => {
    if (what.kind === "wipe asked") {
      if (await askWipe(what.machine).catch(() => false)) wipes++;
      return;
    }
    const victim = "machine" in what ? what.machine : "network" in what ? what.network : "chaos";
    tell(victim, `${what.kind} for ${(what.forMs / 1000).toFixed(1)} s`);
    await restarting;
    const heal = await faults.begin(what);
    healing.push(
      (async () => {
        await delay(what.forMs, undefined, { signal: until }).catch(() => {});
        await heal();
        tell(victim, `${what.kind}: over`);
      })(),
    );
  };
  for (const event of events) {
    const wait = event.atMs - (performance.now() - begun);
    if (wait > 0) await delay(wait, undefined, { signal: until }).catch(() => {});
    if (until.aborted) break;
    markTheClean();
    await carryOut(event);
  }
  await Promise.all(healing);
  tell("chaos", "the faults are over");

  await restarting;
  for (const name of names) await learnAsked(name);
  const aftermath = {
    ...{ board, names, ask, whyOf, say: tell },
    ...{ signal: until, expiry: AbortSignal.timeout(settleMs) },
  };
  const strays = await Promise.race([bringHome({ ...aftermath, isClean }), theEndOf(site)]);
  for (const name of names) check(name);
  violations.push(...strays);
  if (violations.length === 0 && !until.aborted)
    violations.push(...(await Promise.race([putToWork(aftermath), theEndOf(site)])));
  const ended = Object.fromEntries(names.map((name) => [name, board.stageOf(name)]));
  const interrupted = signal.aborted;
  stop.abort();
  await site.living.catch(() => {});
  return { violations, ended, faults: events.length - wipes, wipes, interrupted };
}

/** Whoever ends the lab meanwhile ends this too; what ends it by itself is told. */
async function theEndOf({ living }: LabSite): Promise<string[]> {
  await living;
  return [];
}
