import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { type Clock, sleep } from "../../../cosi/clock.ts";
import { Cgroup, type Limits } from "./cgroup.ts";
import type { Running } from "./service.ts";

/** A program that runs as a service. It may do only what is said here. */
export interface ProcessDescription {
  readonly id: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly environment: Readonly<Record<string, string>>;
  /** Of user and group. */
  readonly uid: number;
  /** As capabilities(7) has them, without CAP_: net_bind_service. None else can be had by any means. */
  readonly capabilities: readonly string[];
  readonly limits: Limits;
}

export interface ProcessOptions {
  /** PID 1 says of every child that it is its own. */
  readonly spawn: (command: string, args: readonly string[], options: SpawnOptions) => ChildProcess;
  /** The group of groups that holds all services. */
  readonly cgroups: string;
  readonly clock: Clock;
}

type End = [code: number | null, signal: string | null];

/** util-linux: sets up what only a process can do to itself, and becomes the program. */
const setpriv = "/usr/bin/setpriv";
/** So long a program may take to end by itself. */
const graceMs = 10_000;

/** Arguments of setpriv(1) for a program that has these capabilities, and can never have others. */
export function confinement({ uid, capabilities, command }: ProcessDescription): string[] {
  const only = ["-all", ...capabilities.map((name) => `+${name}`)].join(",");
  return [
    ...["--no-new-privs", "--bounding-set", only, "--inh-caps", only, "--ambient-caps", only],
    ...["--reuid", String(uid), "--regid", String(uid), "--clear-groups"],
    ...["--", ...command],
  ];
}

/** Runs a program until it ends or the service is to stop. Rejects when it fails. */
export const runProcess =
  (description: ProcessDescription, { spawn, cgroups, clock }: ProcessOptions) =>
  async ({ log, started, signal }: Running): Promise<void> => {
    const { id, environment: env, limits } = description;
    const group = new Cgroup(cgroups, id);
    const child = group.startInside(() =>
      spawn(setpriv, confinement(description), { env, cwd: "/", stdio: ["ignore", "pipe", "pipe"] }),
    );
    const ended = once(child, "exit") as Promise<End>;
    const closed = once(child, "close");
    try {
      if (child.pid === undefined) await once(child, "spawn");
      group.limit(limits);
      for (const stream of [child.stdout!, child.stderr!])
        stream.on("data", (bytes: Buffer) => log.write(bytes));
      started(`Process ${id} started with PID ${child.pid}`);
      const [code, killedBy] = await Promise.race([
        ended,
        stopped(signal).then(() => stop(child, ended, clock)),
      ]);
      if (signal.aborted || code === 0) return;
      throw new Error(
        killedBy === null ? `the process has ended with ${code}` : `the process has ended by ${killedBy}`,
      );
    } finally {
      // What it left behind goes with it, and lets go of its output.
      await group.end(clock, new AbortController().signal);
      await closed.catch(() => {});
    }
  };

/** Asks it to end; whoever takes too long is ended with its group. */
async function stop(child: ChildProcess, ended: Promise<End>, clock: Clock): Promise<End> {
  child.kill("SIGTERM");
  const enough = new AbortController();
  const late = sleep(clock, graceMs, enough.signal).then(
    () => child.kill("SIGKILL"),
    () => false,
  );
  try {
    return await ended;
  } finally {
    enough.abort();
    await late;
  }
}

const stopped = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
