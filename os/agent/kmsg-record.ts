// The kernel's log as /dev/kmsg tells it: one record a read (Linux, Documentation/ABI/testing/dev-kmsg).
import type { LogRecord } from "./log-stream.ts";

export interface KmsgRecord extends Omit<LogRecord, "at"> {
  readonly sequence: number;
  /** Syslog's: facility × 8 + severity. */
  readonly priority: number;
  /** Since the kernel started. */
  readonly sinceBootMs: number;
}

/** What PID 1 writes begins with this (os/machined/log.ts). */
const own = /^ingot: /;

/** Undefined for what is no record. */
export function parseKmsgRecord(bytes: Uint8Array): KmsgRecord | undefined {
  const text = Buffer.from(bytes).toString("latin1");
  const match = /^(\d+),(\d+),(\d+),[^;\n]*;([^\n]*)/.exec(text);
  if (!match) return undefined;
  const [, priority, sequence, microseconds, message = ""] = match;
  const isOwn = own.test(message);
  return {
    sequence: Number(sequence),
    priority: Number(priority),
    sinceBootMs: Number(microseconds) / 1000,
    source: isOwn ? "machined" : "kernel",
    severity: Number(priority) & 7,
    text: unescape(isOwn ? message.replace(own, "") : message),
  };
}

/** The kernel writes what is not printable as \xNN, and the backslash too. */
const unescape = (text: string): Uint8Array =>
  Buffer.from(
    text.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
