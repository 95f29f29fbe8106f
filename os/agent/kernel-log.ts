import { closeSync, constants, openSync, readSync } from "node:fs";
import { poll } from "../kernel/ffi.ts";
import { parseKmsgRecord } from "./kmsg-record.ts";
import type { LogBatch, LogRecord, LogSource } from "./log-stream.ts";

/** The longest record that the kernel hands out (CONSOLE_EXT_LOG_MAX). */
export const recordBytes = 8192;
const batchRecords = 200;

/** The kernel keeps the ring: what it overwrites before it is read is counted as dropped. */
export const kernelLog = ({
  now,
  sinceBootMs,
}: {
  now: () => Date;
  sinceBootMs: () => number;
}): LogSource => ({
  async *follow(signal) {
    const fd = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
    let wake: () => void = () => {};
    const handle = poll(fd, () => wake());
    const stop = () => wake();
    signal.addEventListener("abort", stop);
    try {
      let sequence = -1;
      while (!signal.aborted) {
        const readable = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const bootedMs = now().getTime() - sinceBootMs();
        const batch = readBatch(fd, { bootedMs, sequence });
        sequence = batch.sequence;
        if (batch.records.length > 0 || batch.dropped > 0) yield batch;
        else await readable;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      handle.close();
      closeSync(fd);
    }
  },
});

function readBatch(
  fd: number,
  { bootedMs, sequence: last }: { bootedMs: number; sequence: number },
): LogBatch & { sequence: number } {
  const buffer = Buffer.alloc(recordBytes);
  const records: LogRecord[] = [];
  let dropped = 0;
  let sequence = last;
  while (records.length < batchRecords) {
    const size = readRecord(fd, buffer);
    if (size === undefined) break;
    const record = parseKmsgRecord(buffer.subarray(0, size));
    if (!record) continue;
    if (sequence >= 0) dropped += record.sequence - sequence - 1;
    ({ sequence } = record);
    const { source, severity, text } = record;
    records.push({ at: new Date(bootedMs + record.sinceBootMs), source, severity, text });
  }
  return { records, dropped, sequence };
}

/** Undefined when there is nothing more to read now. */
export function readRecord(fd: number, buffer: Uint8Array): number | undefined {
  for (;;) {
    try {
      return readSync(fd, buffer);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EAGAIN") return undefined;
      // The record that was next has been overwritten; the one after is read instead.
      if (code !== "EPIPE") throw error;
    }
  }
}
