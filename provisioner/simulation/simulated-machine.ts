import type { Disks, MachineBody } from "./machine-body.ts";
import { between } from "./random.ts";
import { SimulatedAgent } from "./simulated-agent.ts";
import type { Hardware, Site } from "./site.ts";

export type Activity =
  | { readonly is: "off" }
  | { readonly is: "firmware" }
  | { readonly is: "agent"; readonly agent: SimulatedAgent }
  | { readonly is: "installing" }
  | { readonly is: "system" };

const seconds = (count: number) => count * 1000;

/** Power, firmware, disks: a machine as it is, whatever anybody believes of it. */
export class SimulatedMachine implements MachineBody {
  readonly id: string;
  readonly hardware: Hardware;
  readonly site: Site;
  activity: Activity = { is: "off" };
  disks: Disks;
  readonly wiped = new Set<number>();
  bootFromNetwork = false;
  installedAfter = 0;
  /** It was installed, and its installer has it start once more, from its disk. */
  isStartingOver = false;
  /** Its system calls home at every start until somebody has answered. */
  #untold = false;
  /** When its BMC was told to cycle it. */
  readonly cycledMs: number[] = [];
  /** Since when it is at what it does. */
  becameMs = 0;
  #boots = 0;
  #power = 0;
  #timers = new DisposableStack();

  constructor(id: string, hardware: Hardware, disks: Disks, site: Site) {
    this.id = id;
    this.hardware = hardware;
    this.disks = disks;
    this.site = site;
  }

  get isOn(): boolean {
    return this.activity.is !== "off";
  }

  turnOn(): void {
    if (!this.isOn) this.#boot("turned on");
  }

  turnOff(): void {
    if (this.isOn) this.#become({ is: "off" }, "turned off");
  }

  reset(why: string): void {
    if (this.isOn) this.#boot(why);
  }

  later(leastMs: number, mostMs: number, then: () => void): void {
    const power = this.#power;
    const timer = this.site.clock.after(between(this.site.random, leastMs, mostMs), () => {
      if (power === this.#power) then();
    });
    this.#timers.use(timer);
  }

  /** Goes on after a promise, if the machine is still as it was. */
  async whenStill<T>(promise: Promise<T>, then: (value: T | undefined) => void): Promise<void> {
    const power = this.#power;
    const value = await promise.catch(() => undefined);
    if (power === this.#power) then(value);
  }

  #become(activity: Activity, why: string): void {
    if (this.activity.is === "agent") this.activity.agent.die();
    if (this.activity.is === "installing") this.disks = { is: "rubble", of: "installation" };
    this.#power++;
    this.isStartingOver = false;
    this.#timers.dispose();
    this.#timers = new DisposableStack();
    this.activity = activity;
    this.becameMs = this.site.clock.elapsedMs();
    this.site.story(`${this.id} ${activity.is}: ${why}`);
  }

  #boot(why: string): void {
    this.#become({ is: "firmware" }, why);
    const fromNetwork = this.bootFromNetwork || this.hardware.networkFirst || !this.isBootable;
    this.bootFromNetwork = false;
    this.later(seconds(20), seconds(90), () => (fromNetwork ? this.#askPlan(0) : this.#bootDisk()));
  }

  get isBootable(): boolean {
    return this.disks.is === "system" || (this.disks.is === "foreign" && this.disks.boots);
  }

  #askPlan(tries: number): void {
    const { services, turnedAway, clock, pxeServer } = this.site;
    if (services) turnedAway.delete(this.id);
    else if (pxeServer === "onItsOwn") turnedAway.set(this.id, clock.now());
    const asked = services?.plan(this) ?? Promise.reject(new Error("nobody answers"));
    void this.whenStill(asked, (plan) => {
      switch (plan?.mode) {
        case undefined:
          if (tries >= 5 && this.isBootable) return this.#bootDisk();
          return this.later(seconds(10), seconds(20), () => this.#askPlan(tries + 1));
        case "hold":
          return this.later(seconds(10), seconds(10), () => this.#askPlan(0));
        case "agent":
          return this.later(seconds(20), seconds(60), () => this.#startAgent());
        case "install":
          return this.#install(plan.wipedAt);
        case "disk":
        case "alone":
          return this.#bootDisk();
      }
    });
  }

  #startAgent(): void {
    const agent = new SimulatedAgent(this, `${this.id}-boot${++this.#boots}`);
    this.#become({ is: "agent", agent }, "its agent starts");
    agent.dial();
  }

  #bootDisk(): void {
    if (!this.isBootable) return this.later(seconds(60), seconds(60), () => this.#askPlan(0));
    this.later(seconds(20), seconds(60), () => {
      this.#become({ is: "system" }, "from its disk");
      if (this.#untold && this.disks.is === "system") this.#tellInstalled(0);
    });
  }

  /** An installer that finds its system installed runs it: what was told last is not lost by booting once more. */
  #install(wipedAt: number): void {
    if (this.disks.is === "system") return this.#bootDisk();
    if (this.hardware.diskless) return this.later(seconds(60), seconds(60), () => this.#askPlan(0));
    const ours = this.disks.is === "rubble" && this.disks.of === "installation";
    if (this.disks.is !== "empty" && !ours) {
      this.site.violations.push(`${this.id} is installed over what nobody wiped (${this.disks.is})`);
    }
    this.#become({ is: "installing" }, "as its plan says");
    this.wiped.clear();
    this.later(seconds(120), seconds(480), () => {
      this.#become({ is: "system" }, "installed");
      this.disks = { is: "system" };
      this.#untold = true;
      this.installedAfter = wipedAt;
      this.#tellInstalled(0, () =>
        this.later(seconds(5), seconds(10), () => {
          this.reset("installed");
          this.isStartingOver = true;
        }),
      );
    });
  }

  /** Some systems tell by a call home, which they repeat for a while; an installer restarts the machine after it. */
  #tellInstalled(tries: number, then: () => void = () => undefined): void {
    const told = this.site.services?.phoneHome(this) ?? Promise.resolve(false);
    void this.whenStill(told, (done) => {
      if (done === true) this.#untold = false;
      if (done === true || tries >= 60) return then();
      this.later(seconds(10), seconds(30), () => this.#tellInstalled(tries + 1, then));
    });
  }
}
