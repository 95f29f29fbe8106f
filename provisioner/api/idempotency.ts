// A request that is sent twice because its answer was lost is carried out once: the same key, the same answer.
import { createHash } from "node:crypto";
import type { Clock } from "../../cosi/clock.ts";
import { Problem } from "./problem.ts";

interface Remembered<T> {
  readonly fingerprint: string;
  readonly atMs: number;
  readonly answer: Promise<T>;
}

const lifetimeMs = 24 * 60 * 60_000;
const most = 10_000;

/** In the memory of this process: a restart forgets them, and so does another provisioner. */
export class Idempotency<T> {
  readonly #clock: Pick<Clock, "elapsedMs">;
  readonly #remembered = new Map<string, Remembered<T>>();

  constructor(clock: Pick<Clock, "elapsedMs">) {
    this.#clock = clock;
  }

  async once(
    caller: string,
    key: string,
    request: readonly (string | Buffer)[],
    work: () => Promise<T>,
  ): Promise<T> {
    if (!/^[\x21-\x7e]{1,128}$/.test(key)) throw new Problem(400, "Idempotency-Key is 1 to 128 characters");
    const hash = createHash("sha256");
    for (const part of request) hash.update(part).update("\0");
    const fingerprint = hash.digest("hex");
    const name = `${caller} ${key}`;
    const now = this.#clock.elapsedMs();
    const before = this.#remembered.get(name);
    if (before && now - before.atMs < lifetimeMs) {
      if (before.fingerprint === fingerprint) return before.answer;
      throw new Problem(422, "this Idempotency-Key was used for another request");
    }
    const answer = work();
    this.#remembered.set(name, { fingerprint, atMs: now, answer });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > most && oldest !== undefined) this.#remembered.delete(oldest);
    // What failed may be tried again under the same key.
    answer.catch(() => this.#remembered.delete(name));
    return answer;
  }
}
