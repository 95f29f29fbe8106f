/** One step of a sequence. Its name is what the console, the log and the event stream show. */
export interface Task<Context> {
  readonly name: string;
  run(context: Context, signal: AbortSignal): Promise<void> | void;
}

/** Tasks of one phase run together; a phase starts when the one above it is done. */
export interface Phase<Context> {
  readonly name: string;
  readonly tasks: readonly Task<Context>[];
  /** Whether there is anything for it to do; always, when nothing is said. */
  when?(context: Context): Promise<boolean> | boolean;
}

export interface Progress {
  phase(name: string, action: "start" | "stop"): void;
  began(phase: string, task: string): void;
  /** Called when a task ended, with what made it fail if it did. */
  ended(phase: string, task: string, durationMs: number, failure?: Error): void;
}

/** Runs the phases in order. The first failure ends the sequence once the rest of its phase has ended. */
export async function runPhases<Context>(
  phases: readonly Phase<Context>[],
  context: Context,
  { progress, signal, now }: { progress: Progress; signal: AbortSignal; now: () => number },
): Promise<void> {
  for (const phase of phases) {
    signal.throwIfAborted();
    if (phase.when && !(await phase.when(context))) continue;
    progress.phase(phase.name, "start");
    const results = await Promise.allSettled(
      phase.tasks.map(async (task) => {
        const started = now();
        progress.began(phase.name, task.name);
        try {
          await task.run(context, signal);
          progress.ended(phase.name, task.name, now() - started);
        } catch (cause) {
          const reason = cause instanceof Error ? cause.message : String(cause);
          const failure = new Error(`Cannot finish task ${task.name} of phase ${phase.name}: ${reason}`, {
            cause,
          });
          progress.ended(phase.name, task.name, now() - started, failure);
          throw failure;
        }
      }),
    );
    progress.phase(phase.name, "stop");
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }
}
