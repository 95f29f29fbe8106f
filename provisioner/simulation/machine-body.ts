import type { Guest, Site } from "./site.ts";

/** What is on a machine's disks, which nobody but a history knows. */
export type Disks =
  /** Somebody's data; `boots`: a system that is not ours. */
  | { readonly is: "foreign"; readonly boots: boolean }
  | { readonly is: "empty" }
  /** Half erased, or half written. */
  | { readonly is: "rubble"; readonly of: "wipe" | "installation" }
  | { readonly is: "system" };

/** A machine as what runs on it has it in hand. */
export interface MachineBody extends Guest {
  readonly site: Site;
  disks: Disks;
  /** Wipes that came to their end since the disks were last installed on. */
  readonly wiped: Set<number>;
  /** After a time, if the machine has not been turned off or started over until then. */
  readonly later: (leastMs: number, mostMs: number, then: () => void) => void;
  /** Ends whatever runs, as pulling the plug does, and starts over. */
  readonly reset: (why: string) => void;
  readonly turnOff: () => void;
}
