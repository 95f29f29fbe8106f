import { pause } from "../pause.ts";
import type { LabProvisioner } from "../provisioner.ts";

/** A service manager starts again what ended. */
const restartAfterMs = 2_000;

export interface RevivalOptions {
  readonly provisioner: Pick<LabProvisioner, "start" | "stop">;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Brings the provisioner back, as often as it takes: once at a time, whoever wants it. */
export class Revival {
  readonly #options: RevivalOptions;
  #underway: Promise<void> | undefined;

  constructor(options: RevivalOptions) {
    this.#options = options;
  }

  /** Undefined while there is none. */
  get underway(): Promise<void> | undefined {
    return this.#underway;
  }

  begin(): Promise<void> {
    this.#underway ??= this.#revive().finally(() => {
      this.#underway = undefined;
    });
    return this.#underway;
  }

  async #revive(): Promise<void> {
    const { provisioner, say, signal } = this.#options;
    while (!signal.aborted) {
      await provisioner.stop("SIGKILL");
      await pause(restartAfterMs, signal);
      try {
        return await provisioner.start();
      } catch (error) {
        say((error as Error).message);
      }
    }
  }
}
