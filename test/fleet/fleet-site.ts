// What the machines of a fleet share: the pxe-server that answers them, their BMCs, and what must never happen.
import { randomBytes } from "node:crypto";
import { openIpmiServer } from "../../bmc/simulator/ipmi/server.ts";
import { FleetMachine, type Surroundings } from "./fleet-machine.ts";
import type { FleetMember } from "./rack/messages.ts";

export interface FleetOptions {
  readonly size: number;
  /** The index of its first machine, where it is one of several. */
  readonly first?: number;
  readonly booter: Surroundings["booter"];
  readonly random: () => number;
  /** How long firmware takes for a step, at most. */
  readonly paceMs?: number;
  /** How long erasing or writing a disk takes, about. */
  readonly wipeMs?: number;
}

export class FleetSite implements Surroundings, AsyncDisposable {
  readonly booter: FleetOptions["booter"];
  readonly random: () => number;
  readonly paceMs: number;
  readonly wipeMs: number;
  readonly machines: readonly FleetMachine[];
  readonly members: FleetMember[] = [];
  readonly violations: string[] = [];
  readonly configs: string[] = [];
  /** Machines that somebody asked to be taken out of use. */
  readonly released = new Set<FleetMachine>();
  wipes = 0;
  isOver = false;
  readonly #opened = new AsyncDisposableStack();
  readonly #background = new Set<Promise<void>>();

  private constructor({ size, first = 0, booter, random, paceMs = 100, wipeMs = 200 }: FleetOptions) {
    this.booter = booter;
    this.random = random;
    this.paceMs = paceMs;
    this.wipeMs = wipeMs;
    this.machines = Array.from({ length: size }, (_, at) => new FleetMachine(first + at, this));
  }

  static async open(options: FleetOptions): Promise<FleetSite> {
    const site = new FleetSite(options);
    for (const { chassis, index, id } of site.machines) {
      const { port } = site.#opened.use(await openIpmiServer({ chassis, randomBytes }));
      site.members.push({ index, id, bmcPort: port });
    }
    return site;
  }

  /** A system may be stopped when it was asked for, and when it was just installed and starts from its disk. */
  mayStop(machine: FleetMachine): boolean {
    return this.isOver || this.released.has(machine);
  }

  mayWipe(machine: FleetMachine): boolean {
    return this.released.has(machine);
  }

  background(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isOver = true;
    for (const { chassis } of this.machines) chassis.press("off");
    await Promise.all(this.#background);
    await this.#opened.disposeAsync();
  }
}
