import { type Clock, sleep } from "../../../cosi/clock.ts";
import { facilityOf, type KernelRecord, type ReadKernelLog, severityOf } from "../api/machine/dmesg.ts";
import type { LineSink } from "./line-sink.ts";

const againMs = 5_000;

export interface KernelLogSenderOptions {
  readonly url: string;
  readonly read: ReadKernelLog;
  readonly open: (url: string, signal: AbortSignal) => Promise<LineSink>;
  readonly clock: Clock;
}

/** Sends the kernel's log, from its beginning and a line at a time, to a server that may come and go. */
export function sendKernelLog({ url, read, open, clock }: KernelLogSenderOptions): AsyncDisposable {
  const end = new AbortController();
  const { signal } = end;
  const sending = send().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });

  async function send(): Promise<void> {
    let sink: LineSink | undefined;
    try {
      for await (const records of read({ tail: false, follow: true, signal })) {
        for (const record of records) {
          const line = `${JSON.stringify(jsonRecord(record))}\n`;
          // What could not be sent is sent to whoever is there next.
          while (!(await wasSent(line))) await sleep(clock, againMs, signal);
        }
      }
    } finally {
      await sink?.[Symbol.asyncDispose]();
    }

    async function wasSent(line: string): Promise<boolean> {
      try {
        sink ??= await open(url, signal);
        await sink.write(line);
        return true;
      } catch {
        signal.throwIfAborted();
        await sink?.[Symbol.asyncDispose]();
        sink = undefined;
        return false;
      }
    }
  }

  return {
    async [Symbol.asyncDispose]() {
      end.abort();
      await sending;
    },
  };
}

// The words of the servers that read these lines.
const levels = ["panic", "fatal", "fatal", "error", "warn", "info", "info", "debug"];

const jsonRecord = ({ at, priority, sequence, sinceBootMs, text }: KernelRecord) => ({
  clock: Math.round(sinceBootMs * 1000),
  facility: facilityOf(priority),
  msg: text,
  priority: severityOf(priority),
  seq: sequence,
  "talos-level": levels[priority & 7],
  "talos-time": at.toISOString(),
});
