import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { RunDirectory } from "../../framework/run-directory.ts";
import type { Rack } from "../../rack/schema.ts";
import { openLabSite } from "../site.ts";
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
  readonly nowS: () => number;
  readonly tell: (who: string, text: string) => void;
  readonly signal: AbortSignal;
}

export interface ChaosResult {
  /** What must never be. */
  readonly violations: readonly string[];
  /** Each machine's last stage. */
  readonly ended: Readonly<Record<string, string>>;
  readonly faults: number;
  readonly wipes: number;
}

/** A stage that was missed is tried again by its deadline: 20 minutes for a machine that booted into nowhere. */
const settleMs = 45 * 60_000;
/** A service manager starts again what ended. */
const restartAfterMs = 2_000;

export async function liveThroughChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, minutes, description, directory, stateDir, nowS, tell, signal } = options;
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

  const askWipe = async (name: string) => {
    check(name);
    const id = rack.find(name)!.machine.uuid;
    for (const file of disksOf(name)) marks.giveUp(file);
    const answer = await provisioner
      .api()
      .call("POST", `/api/v1/machines/${id}/actions/wipe`, {})
      .then(
        () => "asked",
        (error: Error) => error.message,
      );
    // Whether it was heard or not: from now on it may be.
    tell(name, `wipe: ${answer}`);
    if (answer === "asked") asked.set(name, (await wipeIdOf(id)) ?? asked.get(name) ?? 1);
    return answer === "asked";
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
        await restarting;
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

  for (const name of names) {
    const id = rack.find(name)!.machine.uuid;
    asked.set(name, (await wipeIdOf(id).catch(() => undefined)) ?? asked.get(name) ?? 1);
  }
  const settled = () => names.every((name) => isClean(name) || board.stageOf(name) === "failed");
  const expiry = AbortSignal.any([until, AbortSignal.timeout(settleMs)]);
  await Promise.race([board.until(settled), site.living, once(expiry, "abort")]);
  for (const name of names) {
    check(name);
    if (isClean(name)) continue;
    const why = await whyOf(name);
    if (board.stageOf(name) !== "failed" || why === "")
      violations.push(`${name} is lost: ${board.stageOf(name)} (${why})`);
    else tell(name, `failed: ${why}`);
  }
  async function whyOf(name: string): Promise<string> {
    const id = rack.find(name)!.machine.uuid;
    const status = provisioner.api().call("GET", `/api/v1/machine-statuses/${id}`);
    return status.then(
      (one) => (one as { readonly spec: { readonly why: string } }).spec.why,
      (error: Error) => error.message,
    );
  }
  const ended = Object.fromEntries(names.map((name) => [name, board.stageOf(name)]));
  stop.abort();
  await site.living.catch(() => {});
  return { violations, ended, faults: events.length - wipes, wipes };
}
