// A simulated BMC's chassis is a QEMU process: what the BMC decides happens to the process, and what the process does by
// itself (a guest that shuts down or restarts) the BMC learns.
import type { Socket } from "node:net";
import type { BootOverride } from "../../../bmc/bmc.ts";
import type { SimulatedChassis, Machine as WhatABmcHolds } from "../../../bmc/simulator/chassis.ts";
import type { Boot } from "./description.ts";
import type { Machine } from "./machine.ts";
import type { ShutdownReason } from "./qmp.ts";

const media = ["network", "disk"] as const;
type Medium = (typeof media)[number];

export interface ChassisPowerOptions {
  readonly machine: Machine;
  /** What the machine boots when the BMC says nothing else. */
  readonly usual: Boot;
  readonly log: (line: string) => void;
}

export class ChassisPower implements WhatABmcHolds, AsyncDisposable {
  readonly #options: ChassisPowerOptions;
  #chassis: SimulatedChassis | undefined;
  /** One change of power at a time, in the order in which they were decided. */
  #turn: Promise<void> = Promise.resolve();
  /** From one power-on to its end. Undefined: the machine is off because we made it so. */
  #life: { readonly line: Socket } | undefined;

  constructor(options: ChassisPowerOptions) {
    this.#options = options;
  }

  /** The chassis that this is the power of: it tells the machine's serial line, and learns what the machine does. */
  belongTo(chassis: SimulatedChassis): void {
    this.#chassis = chassis;
    chassis.serialConsole.attach((bytes) => void this.#life?.line.write(bytes));
  }

  powerOn(boot: BootOverride): Promise<void> {
    return this.#inTurn(() => this.#start(boot));
  }

  powerOff(): Promise<void> {
    return this.#inTurn(() => this.#cut());
  }

  reset(boot: BootOverride): Promise<void> {
    return this.#inTurn(async () => {
      await this.#cut();
      await this.#start(boot);
    });
  }

  softOff(): Promise<void> {
    return this.#inTurn(() => this.#options.machine.pressPowerButton());
  }

  interrupt(): Promise<void> {
    return this.#inTurn(() => this.#options.machine.interrupt());
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #start(override: BootOverride): Promise<void> {
    const { machine, usual, log } = this.#options;
    const boot = bootFor(override, usual);
    await machine.powerOn(boot);
    const from = "order" in boot ? boot.order.join(", then ") : "a kernel handed to it";
    log(`on, booting from ${from}${override.device === "none" ? "" : `, ${override.lasting}`}`);
    const line = machine.openSerialLine();
    line.on("data", (bytes: Buffer) => this.#chassis?.serialConsole.print(bytes));
    // The line breaks with the machine, whose end is told by the process.
    line.on("error", () => {});
    const life = { line };
    this.#life = life;
    void machine.ended.then((reason) => this.#ended(life, reason));
  }

  async #cut(): Promise<void> {
    this.#life?.line.destroy();
    this.#life = undefined;
    await this.#options.machine.cutPower();
    this.#options.log("off");
  }

  #ended(life: { readonly line: Socket }, reason: ShutdownReason): void {
    const chassis = this.#chassis;
    if (this.#life !== life || !chassis) return;
    this.#life = undefined;
    life.line.destroy();
    this.#options.log(`went down by itself: ${reason}`);
    if (!chassis.powered) return;
    if (reason === "guest-reset") {
      const boot = chassis.restarted();
      this.powerOn(boot).catch((error: unknown) => this.#options.log(String(error)));
    } else {
      chassis.stopped();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerOff();
  }
}

/** The medium that the BMC asks for is tried before all others. Servers of the lab have no more than these two. */
function bootFor({ device }: BootOverride, usual: Boot): Boot {
  const first: Medium | undefined = device === "pxe" ? "network" : device === "disk" ? "disk" : undefined;
  if (!first) return usual;
  if (!("order" in usual)) return { order: [first, ...media.filter((medium) => medium !== first)] };
  const rest = usual.order;
  return { ...usual, order: [first, ...rest.filter((medium) => medium !== first)] };
}
