// What one emulated BMC keeps between commands, besides the chassis.
import type { ValueOf } from "../../../wire/codec.ts";
import type { getGlobalEnables } from "../../ipmi/commands/system-interface.ts";
import type { SimulatedChassis } from "../chassis.ts";
import { fruOf, sdrsOf } from "./records.ts";

const nobodyAsked: ValueOf<typeof getGlobalEnables.response> = {
  oem: 0,
  reserved: 0,
  eventLog: 1,
  eventBuffer: 0,
  eventBufferInterrupt: 0,
  receiveInterrupt: 0,
};

const memories = new WeakMap<SimulatedChassis, BmcMemory>();

export class BmcMemory {
  /** The one of this BMC: what is written by the host is read over the network. */
  static of(chassis: SimulatedChassis): BmcMemory {
    const memory = memories.get(chassis) ?? new BmcMemory(chassis);
    memories.set(chassis, memory);
    return memory;
  }

  readonly sdrs: readonly { readonly id: number; readonly bytes: Uint8Array }[];
  readonly fru: Uint8Array;
  /** Boot parameters other than the flags, as they were written. */
  readonly bootParameters = new Map<number, Uint8Array>();
  readonly lanParameters = new Map<number, Uint8Array>();
  sdrReservation = 0;
  selReservation = 0;
  /** What the host asked to be interrupted for. */
  globalEnables = nobodyAsked;
  #commands = 0;
  #reads = 0;
  #reservations = 0;

  private constructor(chassis: SimulatedChassis) {
    this.sdrs = sdrsOf(chassis.furniture);
    this.fru = fruOf(chassis.furniture);
  }

  /** The machine starts anew. */
  forgetHost(): void {
    this.globalEnables = nobodyAsked;
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
