// Reports on their way to the provisioner: several at a time, each until it was heard, in a bounded queue.
import type { Report } from "./booter.ts";
import type { Clock } from "./clock.ts";

/** With its boot's id the number names the report, so that one that arrives twice counts once. */
export interface NumberedReport extends Report {
  readonly number: number;
}

export interface ReportOutboxOptions {
  /** Resolves when they were heard. */
  readonly send: (reports: readonly NumberedReport[], signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** One turn of talk takes this much together: a storm becomes few calls, and an operator sees no delay. */
const gatherMs = 200;
const retryMs = 2_000;
const maxBatch = 500;
/** Of a long absence the news is kept: progress in between goes first. */
const maxWaiting = 20_000;

export class ReportOutbox {
  readonly #options: ReportOutboxOptions;
  #waiting: NumberedReport[] = [];
  #count = 0;
  #wake = Promise.withResolvers<void>();
  /** Reports that no room was left for. */
  lost = 0;

  constructor(options: ReportOutboxOptions) {
    this.#options = options;
  }

  put(report: Report): void {
    this.#waiting.push({ ...report, number: ++this.#count });
    if (this.#waiting.length > maxWaiting) this.#shrink();
    this.#wake.resolve();
  }

  /** Sends until the signal aborts; then what is left gets one more try. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options;
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    const pause = (ms: number) => clock.sleep(ms, signal).catch(() => undefined);
    while (!signal.aborted) {
      if (this.#waiting.length === 0) {
        await Promise.race([this.#wake.promise, stopped]);
        this.#wake = Promise.withResolvers();
        await pause(gatherMs);
      } else if (!(await this.#sendBatch(signal))) await pause(retryMs);
    }
    const lastTry = new AbortController();
    let isHeard = true;
    while (isHeard && this.#waiting.length > 0) isHeard = await this.#sendBatch(lastTry.signal);
  }

  async #sendBatch(signal: AbortSignal): Promise<boolean> {
    const batch = this.#waiting.slice(0, maxBatch);
    try {
      await this.#options.send(batch, signal);
    } catch {
      // Whoever sends says why it cannot; here it only means: again.
      return false;
    }
    const sent = new Set(batch);
    this.#waiting = this.#waiting.filter((report) => !sent.has(report));
    return true;
  }

  #shrink(): void {
    const news = this.#waiting.filter(({ progress }) => progress.step !== "downloading");
    const kept = news.slice(-Math.floor(maxWaiting / 2));
    this.lost += this.#waiting.length - kept.length;
    this.#waiting = kept;
  }
}
