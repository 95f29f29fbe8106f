import { stat } from "node:fs/promises";

/** What has to be alive for the machine to be left running. */
export class Vitals {
  #lost: string | undefined;

  /** Something has ended that never should. */
  lost(why: string): void {
    this.#lost ??= why;
  }

  /**
   * Why the machine should be reset; undefined while all is well. Comes back only if the event loop turns and the pool
   * of threads still has one that is not stuck in the kernel.
   */
  async check(): Promise<string | undefined> {
    await stat("/");
    return this.#lost;
  }
}
