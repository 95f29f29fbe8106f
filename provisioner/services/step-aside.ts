// A provisioner that has lost the shared state is of no use to anybody, and must not keep those who hold on to it: others
// may still answer them.
import { type Clock, sleep } from "../../cosi/clock.ts";
import type { Store } from "../../cosi/store.ts";

export interface StepAsideOptions {
  readonly store: Pick<Store, "get">;
  readonly clock: Clock;
  /** Ends the connections of machines and pxe-servers. */
  readonly drop: () => void;
  readonly log: (text: string) => void;
}

const everyMs = 1_000;
/** An election of etcd takes about one second. */
const patienceMs = 4_000;

/** Looks whether the state still answers, until the signal aborts. */
export async function stepAside(
  { store, clock, drop, log }: StepAsideOptions,
  signal: AbortSignal,
): Promise<void> {
  let isAway = false;
  for (;;) {
    await sleep(clock, everyMs, signal);
    const answers = await answersInTime(store, clock);
    signal.throwIfAborted();
    if (answers === isAway)
      log(answers ? "the state answers again" : "the state does not answer: stepping aside");
    isAway = !answers;
    if (isAway) drop();
  }
}

function answersInTime(store: Pick<Store, "get">, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const late = clock.after(patienceMs, () => resolve(false));
    store
      .get({ namespace: "default", type: "Tokens.ingot.dev", id: "none" })
      .then(
        () => resolve(true),
        () => resolve(false),
      )
      .finally(() => late[Symbol.dispose]());
  });
}
