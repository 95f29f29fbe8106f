import { closeSync, constants, openSync } from "node:fs";
import { readRecord, recordBytes } from "../../agent/kernel-log.ts";
import { parseKmsgRecord } from "../../agent/kmsg-record.ts";
import { poll } from "../../kernel/ffi.ts";
import type { KernelLogReading, KernelRecord } from "../api/machine/dmesg.ts";
import { withoutSecrets } from "./hidden-arguments.ts";

const batchRecords = 200;

export interface KernelRecordsOptions {
  readonly now: () => Date;
  readonly sinceBootMs: () => number;
}

/** The kernel's log, from its beginning or its end. */
export const kernelRecords = ({ now, sinceBootMs }: KernelRecordsOptions) =>
  async function* ({ tail, follow, signal }: KernelLogReading): AsyncGenerator<readonly KernelRecord[]> {
    const fd = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
    let wake: () => void = () => {};
    const handle = poll(fd, () => wake());
    const stop = () => wake();
    signal.addEventListener("abort", stop);
    const bootedMs = now().getTime() - sinceBootMs();
    try {
      if (tail) while (nextRecords(fd, bootedMs).length > 0);
      while (!signal.aborted) {
        const readable = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const records = nextRecords(fd, bootedMs);
        if (records.length > 0) yield records;
        else if (follow) await readable;
        else return;
      }
    } finally {
      signal.removeEventListener("abort", stop);
      handle.close();
      closeSync(fd);
    }
  };

function nextRecords(fd: number, bootedMs: number): KernelRecord[] {
  const buffer = Buffer.alloc(recordBytes);
  const records: KernelRecord[] = [];
  while (records.length < batchRecords) {
    const size = readRecord(fd, buffer);
    if (size === undefined) break;
    const record = parseKmsgRecord(buffer.subarray(0, size));
    if (!record) continue;
    const { sequence, sinceBootMs, priority, source, text } = record;
    const own = source === "machined" ? "ingot: " : "";
    records.push({
      at: new Date(bootedMs + sinceBootMs),
      ...{ priority, sequence, sinceBootMs },
      text: own + withoutSecrets(Buffer.from(text).toString()),
    });
  }
  return records;
}
