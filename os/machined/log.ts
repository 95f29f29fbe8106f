export type Level = "error" | "warn" | "info" | "debug";

/** What the node says about itself. */
export interface Log {
  write(level: Level, text: string): void;
}

/**
 * The kernel's own severities (syslog, RFC 5424 table 2); daemon is facility 3. What the node says for people is a notice:
 * the console shows it, and leaves out what the kernel tells of itself (loglevel=6).
 */
const severities = { error: 3, warn: 4, info: 5, debug: 7 } as const;
const daemon = 3 << 3;

/** Writes to the kernel's log, which the console shows and a crash keeps: one line a message, no control characters. */
export function kernelLog(write: (line: string) => void): Log {
  return {
    write(level, text) {
      const line = text.replace(/\p{Cc}+/gu, " ").slice(0, 900);
      write(`<${daemon | severities[level]}>ingot: ${line}\n`);
    },
  };
}
