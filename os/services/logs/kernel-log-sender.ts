import type { Clock } from "../../../cosi/clock.ts";
import { facilityOf, type KernelRecord, type ReadKernelLog, severityOf } from "../api/machine/dmesg.ts";
import { SteadySink, type SteadySinkOptions } from "./steady-sink.ts";

export interface KernelLogSenderOptions {
  readonly url: string;
  readonly read: ReadKernelLog;
  readonly open: SteadySinkOptions["open"];
  readonly clock: Clock;
}

/** Sends the kernel's log, from its beginning and a line at a time. */
export function sendKernelLog({ read, ...server }: KernelLogSenderOptions): AsyncDisposable {
  const end = new AbortController();
  const { signal } = end;
  const sending = send().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });

  async function send(): Promise<void> {
    await using sink = new SteadySink({ ...server, signal });
    for await (const records of read({ tail: false, follow: true, signal })) {
      for (const record of records) await sink.send(`${JSON.stringify(jsonRecord(record))}\n`);
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
