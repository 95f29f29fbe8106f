// What PID 1 is at, step by step, for whoever is told of it: the API's event stream, the machine's stage.

/** As clients of the API know them. */
export type SequenceName = "initialize" | "install" | "boot" | "reboot" | "shutdown" | "reset" | "upgrade";

export type Step = {
  readonly action: "start" | "stop";
  /** Whose request it is; empty when nobody's. */
  readonly actorId: string;
  /** Why it failed; undefined when it did not, or is not over. */
  readonly error?: string | undefined;
} & (
  | { readonly of: "sequence"; readonly sequence: SequenceName }
  | { readonly of: "phase"; readonly sequence: SequenceName; readonly phase: string }
  | { readonly of: "task"; readonly sequence: SequenceName; readonly phase: string; readonly task: string }
);

/** All steps of this boot, in their order. There are not many: a boot has some dozens. */
export class Journal {
  readonly #steps: Step[] = [];
  readonly #listeners: ((step: Step) => void)[] = [];

  tell(step: Step): void {
    this.#steps.push(step);
    for (const listener of this.#listeners) listener(step);
  }

  /** The listener hears also of what was told before it listened. */
  follow(listener: (step: Step) => void): void {
    for (const step of this.#steps) listener(step);
    this.#listeners.push(listener);
  }
}
