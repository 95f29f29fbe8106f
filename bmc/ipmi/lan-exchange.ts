// One question and its answer over UDP: sent again until answered, given up after the last try.
import type { Clock } from "../clock.ts";
import { IpmiError } from "./error.ts";

export interface Patience {
  /** Waited after the first try; each later one waits half as long again. */
  readonly firstMs: number;
  readonly tries: number;
}

/** 1 s, 1.5 s, 2.25 s, 3.4 s: BMCs that answer late do so within two seconds, and lost packets are rare. */
export const usualPatience: Patience = { firstMs: 1_000, tries: 4 };

export interface Question<T> {
  readonly clock: Clock;
  readonly patience: Patience;
  readonly peer: string;
  readonly what: string;
  /** What silence mostly means here. */
  readonly likely?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for every try. */
  readonly send: () => void;
  /** Given a way to answer, starts listening. What is thrown by a listener is given to `fail`. */
  readonly listen: (answer: (value: T) => void, fail: (error: unknown) => void) => Disposable;
}

export function ask<T>({
  clock,
  patience,
  peer,
  what,
  likely,
  signal,
  send,
  listen,
}: Question<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    let timer: Disposable | undefined;
    const settle = (act: () => void) => {
      timer?.[Symbol.dispose]();
      listener[Symbol.dispose]();
      signal?.removeEventListener("abort", abort);
      act();
    };
    const fail = (error: unknown) => settle(() => reject(error));
    const abort = () => fail(signal!.reason);
    const listener = listen((value) => settle(() => resolve(value)), fail);
    signal?.addEventListener("abort", abort, { once: true });

    let waited = 0;
    const attempt = (number: number) => {
      if (number === patience.tries) {
        return fail(
          new IpmiError({
            kind: "noAnswer",
            message: `Cannot ${what}: ${peer} did not answer ${patience.tries === 1 ? "" : `${patience.tries} tries `}in ${(waited / 1000).toFixed(1)} s${likely === undefined ? "" : ` (${likely})`}`,
          }),
        );
      }
      // A later try runs from a timer, where nobody would catch that the session was closed meanwhile.
      try {
        send();
      } catch (error) {
        return fail(error);
      }
      const wait = patience.firstMs * 1.5 ** number;
      waited += wait;
      timer = clock.after(wait, () => attempt(number + 1));
    };
    attempt(0);
  });
}
