/** One step of a sequence. Its name is what the console and the log show. */
export interface Task<Context> {
  readonly name: string;
  run(context: Context, signal: AbortSignal): Promise<void> | void;
}

/** Tasks of one phase run together; a phase starts when the one above it is done. */
export interface Phase<Context> {
  readonly name: string;
  readonly tasks: readonly Task<Context>[];
}

export interface Progress {
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
    const results = await Promise.allSettled(
      phase.tasks.map(async (task) => {
        const started = now();
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
    const failure = results.find((result) => result.status === "rejected");
    if (failure) throw failure.reason;
  }
}
