// One emulated server, as its BMC sees it. The IPMI and the Redfish server of a simulated BMC share it, so that what is
// done over one is seen over the other. What the power button does to a real (QEMU) machine is injected.
import type { BootOverride, PowerAction } from "../bmc.ts";
import type { Clock } from "../clock.ts";
import { type Furniture, furnish, type SimulatedEvent } from "./furniture.ts";
import type { Quirks } from "./quirks.ts";
import { SerialConsole } from "./serial-console.ts";

/** The machine behind the chassis. Called after the chassis decided; an error is the machine's, not the BMC's. */
export interface Machine {
  powerOn(boot: BootOverride): Promise<void> | void;
  powerOff(): Promise<void> | void;
  /** Asks the operating system by ACPI. It reports back by `chassis.stopped()`, or never. */
  softOff(): Promise<void> | void;
  reset(boot: BootOverride): Promise<void> | void;
  interrupt?(): Promise<void> | void;
}

export interface ChassisOptions {
  readonly clock: Clock;
  /** Undefined: pure memory, where every operating system obeys at once. */
  readonly machine?: Machine | undefined;
  readonly quirks?: Quirks | undefined;
  readonly furniture?: Furniture | undefined;
  readonly poweredOn?: boolean | undefined;
  readonly onMachineError?: ((error: unknown) => void) | undefined;
}

export type Led = "off" | "on" | { readonly until: number };

export const noOverride: BootOverride = { device: "none", lasting: "once" };

/** `inPost`: refused, try later. */
export type PressOutcome = "done" | "inPost";

export class SimulatedChassis {
  readonly clock: Clock;
  readonly quirks: Quirks;
  readonly furniture: Furniture;
  /** Console bytes: what the host printed, and where what is typed goes. */
  readonly serialConsole = new SerialConsole();

  #machine: Machine | undefined;
  #onMachineError: (error: unknown) => void;
  #powered: boolean;
  #powerHistory: { at: number; powered: boolean }[] = [];
  #powerCommands = 0;
  #poweredOnAt = Number.NEGATIVE_INFINITY;
  #pending: Disposable | undefined;

  #override: BootOverride = noOverride;
  #overrideSetAt = 0;
  #overrideSurvivesTimeout = false;
  #led: Led = "off";
  #lastBoot: BootOverride | undefined;
  #nextEventId = 1;

  constructor({
    clock,
    machine,
    quirks = {},
    furniture = furnish(),
    poweredOn = false,
    onMachineError,
  }: ChassisOptions) {
    this.clock = clock;
    this.quirks = quirks;
    this.furniture = furniture;
    this.#machine = machine;
    this.#onMachineError = onMachineError ?? (() => {});
    this.#powered = poweredOn;
  }

  /** The truth. What a BMC answers is `reportedPower`. */
  get powered(): boolean {
    return this.#powered;
  }

  /** What the machine last booted from; for tests. */
  get lastBoot(): BootOverride | undefined {
    return this.#lastBoot;
  }

  get reportedPower(): boolean {
    const { stalePowerMs } = this.quirks;
    if (stalePowerMs === undefined) return this.#powered;
    const asOf = this.clock.now() - stalePowerMs;
    const later = this.#powerHistory.find(({ at }) => at > asOf);
    return later ? !later.powered : this.#powered;
  }

  /** The machine is starting up, and a slow BMC refuses changes meanwhile. */
  get inPost(): boolean {
    return this.#powered && this.clock.now() < this.#poweredOnAt + (this.quirks.postMs ?? 0);
  }

  press(action: PowerAction): PressOutcome {
    if (this.inPost && action !== "off") return "inPost";
    this.#powerCommands++;
    const { losesPowerCommand, powerDelayMs } = this.quirks;
    if (losesPowerCommand !== undefined && this.#powerCommands % losesPowerCommand === 1) return "done";
    this.#pending?.[Symbol.dispose]();
    if (powerDelayMs === undefined) this.#act(action);
    else this.#pending = this.clock.after(powerDelayMs, () => this.#act(action));
    return "done";
  }

  /** The button on its front, or its mains: no BMC is in between. */
  pressByHand(action: PowerAction): void {
    this.#pending?.[Symbol.dispose]();
    this.#act(action);
  }

  #act(action: PowerAction): void {
    switch (action) {
      case "on":
        if (!this.#powered) this.#start((machine, boot) => machine.powerOn(boot));
        break;
      case "off":
        if (this.#powered) this.#stop((machine) => machine.powerOff());
        break;
      case "softOff":
        if (!this.#powered || this.quirks.ignoresSoftOff) break;
        if (this.#machine) this.#tell((machine) => machine.softOff());
        else this.stopped();
        break;
      case "cycle":
        // IPMI 2.0 §28.3: a power cycle of a chassis that is off may be ignored, and here it is.
        if (!this.#powered) break;
        this.#tell((machine) => machine.powerOff());
        this.#start((machine, boot) => machine.powerOn(boot));
        break;
      case "reset":
        if (this.#powered) this.#start((machine, boot) => machine.reset(boot));
        break;
      case "interrupt":
        this.#tell((machine) => machine.interrupt?.());
        break;
    }
  }

  /** The machine went off by itself: its operating system shut down, or its process ended. */
  stopped(): void {
    this.#stop(() => {});
  }

  /** The machine started over by itself: its operating system rebooted. Answers what it boots from. */
  restarted(): BootOverride {
    return this.#start(() => {});
  }

  #start(how: (machine: Machine, boot: BootOverride) => Promise<void> | void): BootOverride {
    const boot = this.#takeOverride();
    this.#lastBoot = boot;
    this.#setPowered(true);
    this.#poweredOnAt = this.clock.now();
    this.#tell((machine) => how(machine, boot));
    return boot;
  }

  #stop(how: (machine: Machine) => Promise<void> | void): void {
    this.#setPowered(false);
    this.#tell(how);
  }

  #setPowered(powered: boolean): void {
    if (powered !== this.#powered) {
      this.#powerHistory = [...this.#powerHistory.slice(-7), { at: this.clock.now(), powered }];
    }
    this.#powered = powered;
  }

  #tell(how: (machine: Machine) => Promise<void> | void): void {
    if (!this.#machine) return;
    const machine = this.#machine;
    void (async () => how(machine))().catch(this.#onMachineError);
  }

  get bootOverride(): BootOverride {
    const { bootFlagExpiryMs } = this.quirks;
    const expired =
      bootFlagExpiryMs !== undefined &&
      !this.#overrideSurvivesTimeout &&
      this.clock.now() >= this.#overrideSetAt + bootFlagExpiryMs;
    if (expired && this.#override.lasting === "once") this.#override = noOverride;
    return this.#override;
  }

  setBootOverride(wanted: BootOverride): void {
    const { ignoresEfiBoot, dropsPersistentWithEfi } = this.quirks;
    const efi = wanted.firmware === "uefi";
    this.#override = {
      device: wanted.device,
      lasting: efi && dropsPersistentWithEfi ? "once" : wanted.lasting,
      ...(wanted.firmware && !(efi && ignoresEfiBoot) ? { firmware: wanted.firmware } : {}),
    };
    this.#overrideSetAt = this.clock.now();
  }

  /** IPMI boot parameter 3: a timeout does not clear the override. */
  keepBootOverridePastTimeout(keep: boolean): void {
    this.#overrideSurvivesTimeout = keep;
  }

  #takeOverride(): BootOverride {
    const boot = this.bootOverride;
    if (boot.lasting === "once") this.#override = noOverride;
    return boot.lasting === "once" && this.quirks.ignoresBootOnce ? noOverride : boot;
  }

  get led(): Led {
    if (typeof this.#led === "object" && this.clock.now() >= this.#led.until) this.#led = "off";
    return this.#led;
  }

  setLed(wanted: number | "on" | "off"): void {
    this.#led = typeof wanted === "number" ? { until: this.clock.now() + wanted * 1000 } : wanted;
  }

  log(event: Omit<SimulatedEvent, "id" | "at">): void {
    this.furniture.events.push({ id: this.#nextEventId++, at: this.clock.now(), ...event });
  }
}
