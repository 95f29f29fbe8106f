// For whoever sits at a terminal: what takes longer than a moment says so, and for how long already.

export interface Timers {
  /** Calls again and again until it is disposed of. */
  readonly every: (ms: number, call: () => void) => Disposable;
}

const tickMs = 1000;

/** Shows a line from the first second on, and takes it away when disposed of. */
export function showProgress(text: string, write: (text: string) => void, { every }: Timers): Disposable {
  let seconds = 0;
  const ticking = every(tickMs, () => {
    seconds += 1;
    write(`\r${text}: ${seconds} s\u001b[K`);
  });
  return {
    [Symbol.dispose]: () => {
      ticking[Symbol.dispose]();
      if (seconds > 0) write("\r\u001b[K");
    },
  };
}
