import type { Journal, SequenceName, Step } from "./journal.ts";
import type { Log } from "./log.ts";
import { type Phase, type Progress, runPhases } from "./phases.ts";

export interface SequencerOptions<Context> {
  readonly context: Context;
  readonly journal: Journal;
  readonly log: Log;
  readonly now: () => number;
}

export interface Sequence<Context> {
  readonly name: SequenceName;
  readonly phases: readonly Phase<Context>[];
  /** Whose request it is. */
  readonly actorId?: string;
  /** Whether there is anything for it to do; always, when nothing is said. */
  when?(context: Context): Promise<boolean> | boolean;
}

/** Runs sequences, and tells of each of their steps. */
export class Sequencer<Context> {
  readonly #options: SequencerOptions<Context>;
  readonly #begun = new Set<Phase<Context>>();

  constructor(options: SequencerOptions<Context>) {
    this.#options = options;
  }

  /** A phase of two sequences is not run again. */
  async run(sequence: Sequence<Context>, signal: AbortSignal): Promise<void> {
    const { name, phases: all, actorId = "" } = sequence;
    const { context, journal, now } = this.#options;
    if (sequence.when && !(await sequence.when(context))) return;
    const phases = all.filter((phase) => !this.#begun.has(phase));
    for (const phase of phases) this.#begun.add(phase);
    const said = { sequence: name, actorId };
    journal.tell({ of: "sequence", action: "start", ...said });
    try {
      await runPhases(phases, context, { signal, now, progress: this.#progress(said) });
      journal.tell({ of: "sequence", action: "stop", ...said });
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      journal.tell({ of: "sequence", action: "stop", error, ...said });
      throw cause;
    }
  }

  #progress(said: Pick<Step, "sequence" | "actorId">): Progress {
    const { journal, log } = this.#options;
    return {
      phase: (phase, action) => journal.tell({ of: "phase", action, phase, ...said }),
      began: (phase, task) => journal.tell({ of: "task", action: "start", phase, task, ...said }),
      ended(phase, task, durationMs, failure) {
        if (failure) log.write("error", failure.message);
        else log.write("info", `${phase}: ${task} done (${durationMs.toFixed(0)} ms)`);
        journal.tell({ of: "task", action: "stop", phase, task, error: failure?.message, ...said });
      },
    };
  }
}
