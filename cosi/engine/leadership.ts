import type { Store } from "../store.ts";

/** The right to run something, until it is lost or given back. */
export interface Lease extends AsyncDisposable {
  /**
   * Aborts as soon as the lease may be lost, as judged here: before anyone else can get it. Disposing of the lease
   * gives it back.
   */
  readonly signal: AbortSignal;
  /**
   * The same store, which refuses writes once the lease is lost, even when nobody here has noticed yet: a process
   * that was suspended for an hour must not write what it was about to.
   */
  fenced(store: Store): Store;
}

/** Decides which of several processes runs a controller. */
export interface Leadership {
  /** Resolves once this process leads; rejects with the signal's reason if it aborts first. */
  acquire(name: string, signal: AbortSignal): Promise<Lease>;
}

/** For a process that is alone with its store. */
export const alwaysLeader: Leadership = {
  async acquire(_, signal) {
    signal.throwIfAborted();
    return {
      signal: new AbortController().signal,
      fenced: (store) => store,
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
};
