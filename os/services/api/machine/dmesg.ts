import type { MachineHandlers } from "./handler.ts";

/** A record of the kernel's log. */
export interface KernelRecord {
  readonly at: Date;
  /** Syslog's (RFC 5424 §6.2.1): facility × 8 + severity. */
  readonly priority: number;
  readonly text: string;
  /** The kernel's own number of it. */
  readonly sequence: number;
  readonly sinceBootMs: number;
}

export interface KernelLogReading {
  /** Leaves out what is there already. */
  readonly tail: boolean;
  /** Goes on with what comes, until the signal aborts. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

export type ReadKernelLog = (reading: KernelLogReading) => AsyncIterable<readonly KernelRecord[]>;

// RFC 5424 §6.2.1, as syslog(3) abbreviates them.
const facilities = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"],
  ...["ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6"],
  "local7",
];
const severities = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

export const facilityOf = (priority: number): string => facilities[priority >> 3] ?? String(priority >> 3);
export const severityOf = (priority: number): string => severities[priority & 7]!;

export function dmesgLine({ at, priority, text }: KernelRecord): string {
  return `${facilityOf(priority)}: ${severityOf(priority).padStart(7)}: [${goTime(at)}]: ${text}\n`;
}

/** As RFC3339Nano prints it: no zeros at the end of the fraction. */
const goTime = (at: Date) => at.toISOString().replace(/\.?0*Z$/, "Z");

export const dmesg = (deps: { readonly readKernelLog: ReadKernelLog }): MachineHandlers<"dmesg"> => ({
  async *dmesg({ follow, tail }, { signal }) {
    for await (const records of deps.readKernelLog({ follow, tail, signal })) {
      for (const record of records) yield { bytes: Buffer.from(dmesgLine(record)) };
    }
  },
});
