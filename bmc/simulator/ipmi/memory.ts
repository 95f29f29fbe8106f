// What one emulated BMC keeps between commands, besides the chassis.
import type { SimulatedChassis } from "../chassis.ts";
import { fruOf, sdrsOf } from "./records.ts";

export class BmcMemory {
  readonly sdrs: readonly { readonly id: number; readonly bytes: Uint8Array }[];
  readonly fru: Uint8Array;
  /** Boot parameters other than the flags, as they were written. */
  readonly bootParameters = new Map<number, Uint8Array>();
  readonly lanParameters = new Map<number, Uint8Array>();
  sdrReservation = 0;
  selReservation = 0;
  #commands = 0;
  #reads = 0;
  #reservations = 0;

  constructor(chassis: SimulatedChassis) {
    this.sdrs = sdrsOf(chassis.furniture);
    this.fru = fruOf(chassis.furniture);
  }

  /** True at every n-th command, for the quirk of being busy. */
  isBusy(every: number | undefined): boolean {
    return every !== undefined && ++this.#commands % every === 1;
  }

  /** True at every n-th read, for the quirk of losing reservations. */
  losesReservation(every: number | undefined): boolean {
    return every !== undefined && ++this.#reads % every === 0;
  }

  reserve(): number {
    this.#reservations = (this.#reservations % 0xfffe) + 1;
    return this.#reservations;
  }
}
