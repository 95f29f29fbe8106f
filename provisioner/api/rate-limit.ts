import type { Clock } from "../../cosi/clock.ts";
import { Problem } from "./problem.ts";

export interface RateLimitOptions {
  readonly clock: Pick<Clock, "elapsedMs">;
  readonly perSecond: number;
  readonly burst: number;
  /** More callers than this are not remembered: the one seen longest ago is forgotten, and begins afresh. */
  readonly mostCallers?: number;
}

/** So many requests at once, and so many a second for ever: a bucket of them for each caller. */
export class RateLimit {
  readonly #options: Required<RateLimitOptions>;
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(options: RateLimitOptions) {
    this.#options = { mostCallers: 10_000, ...options };
  }

  /** Takes one; throws where there is none left. */
  take(caller: string): void {
    const wait = this.waitMs(caller);
    if (wait > 0) {
      throw new Problem(429, "slow down", { headers: { "retry-after": String(Math.ceil(wait / 1000)) } });
    }
    this.#buckets.get(caller)!.left -= 1;
  }

  /** How long until there is one again; takes none. */
  waitMs(caller: string): number {
    const { clock, perSecond, burst, mostCallers } = this.#options;
    const now = clock.elapsedMs();
    const before = this.#buckets.get(caller) ?? { left: burst, atMs: now };
    const left = Math.min(burst, before.left + ((now - before.atMs) / 1000) * perSecond);
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { left, atMs: now });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > mostCallers && oldest !== undefined) this.#buckets.delete(oldest);
    return left >= 1 ? 0 : ((1 - left) / perSecond) * 1000;
  }
}
