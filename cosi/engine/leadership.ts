/** The right to run something, until it is lost or given back. */
export interface Lease extends AsyncDisposable {
  /**
   * Aborts as soon as the lease may be lost, as judged here: before anyone else can get it. Disposing of the lease
   * gives it back.
   */
  readonly signal: AbortSignal;
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
    return { signal: new AbortController().signal, [Symbol.asyncDispose]: async () => undefined };
  },
};
