import { WireError } from "../../wire/error.ts";
import { IpmiError } from "./error.ts";

/** What `read` makes of bytes from a BMC, or an error that says whose bytes they were. */
export function makeSense<T>(what: string, peer: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    const message = `Cannot read ${what} of ${peer}: it makes no sense`;
    throw new IpmiError({ kind: "malformed", message, cause });
  }
}

/** The same where it does no harm to go without: undefined for what makes no sense. */
export function senseOrNone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return undefined;
  }
}
