// The boots under way: one id for one power-on of one machine, whatever protocol it speaks at the moment. And the one
// gate that every route asks before it gives a machine anything.
import type { Booter, BootPlan, Client, Progress, Report, Stage } from "./booter.ts";
import type { Clock } from "./clock.ts";

export interface Boot {
  readonly id: string;
  readonly startedMs: number;
  /** What is known by now; iPXE adds to what firmware told. */
  client: Client;
  address?: string;
  /** How far it got; a machine that starts over after this is in a new boot. */
  stage: "asked" | "loading" | "scripted";
}

export type Admission =
  | { readonly admitted: true; readonly plan: Exclude<BootPlan, { do: "ignore" }> }
  | { readonly admitted: false; readonly why: string };

export interface BootsOptions {
  readonly booter: Booter;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly onReport: (report: Report) => void;
  readonly signal: AbortSignal;
}

/** More machines than one segment has; the least recently seen boot is forgotten first. */
const maxBoots = 10_000;

export class Boots {
  readonly #options: BootsOptions;
  readonly #byMac = new Map<string, Boot>();
  readonly #byId = new Map<string, Boot>();
  readonly #byAddress = new Map<string, Boot>();

  constructor(options: BootsOptions) {
    this.#options = options;
  }

  /** The boot of a machine whose firmware (or iPXE, which may be the firmware) asks from the beginning. */
  begin(client: Client, by: "firmware" | "ipxe"): Boot {
    const known = this.#byMac.get(client.mac);
    const startsOver = by === "firmware" ? known?.stage !== "asked" : known?.stage === "scripted";
    if (known && !startsOver) return this.#touch(known, client);
    return this.#add(client);
  }

  /** The boot of a machine that goes on. It may be one we never saw: another server's DHCP, or our restart. */
  resume(client: Client): Boot {
    const known = [client.mac, ...(client.macs ?? [])]
      .map((mac) => this.#byMac.get(mac))
      .find((boot) => boot !== undefined);
    return known ? this.#touch(known, client) : this.#add(client);
  }

  get size(): number {
    return this.#byId.size;
  }

  of(mac: string): Boot | undefined {
    return this.#byMac.get(mac);
  }

  withId(id: string): Boot | undefined {
    return this.#byId.get(id);
  }

  at(address: string): Boot | undefined {
    return this.#byAddress.get(address);
  }

  locate(boot: Boot, address: string): void {
    if (boot.address && this.#byAddress.get(boot.address) === boot) this.#byAddress.delete(boot.address);
    boot.address = address;
    this.#byAddress.set(address, boot);
  }

  /** May this machine netboot, and what? The only place that asks. */
  async admit(boot: Boot, stage: Stage): Promise<Admission> {
    const { booter, signal } = this.#options;
    const asking = { ...boot.client, address: boot.address, bootId: boot.id, stage };
    const plan = await booter.plan(asking, signal);
    if (plan.do !== "ignore") return { admitted: true, plan };
    this.report(boot, { step: "ignored", why: plan.why });
    return { admitted: false, why: plan.why };
  }

  report(boot: Boot, progress: Progress): void {
    if (progress.step === "scripted") boot.stage = "scripted";
    else if (progress.step === "downloading" && boot.stage === "asked") boot.stage = "loading";
    const { onReport, booter, clock } = this.#options;
    const report = { bootId: boot.id, mac: boot.client.mac, atMs: clock.now(), progress };
    onReport(report);
    booter.report(report);
  }

  #touch(boot: Boot, client: Client): Boot {
    const known = Object.fromEntries(Object.entries(client).filter(([, value]) => value !== undefined));
    boot.client = { ...boot.client, ...known };
    this.#byMac.delete(client.mac);
    this.#byMac.set(client.mac, boot);
    return boot;
  }

  #add(client: Client): Boot {
    const { newId, clock } = this.#options;
    const boot: Boot = { id: newId(), startedMs: clock.now(), client, stage: "asked" };
    const before = this.#byMac.get(client.mac);
    if (before) this.#forget(before);
    this.#byMac.set(client.mac, boot);
    this.#byId.set(boot.id, boot);
    const [oldest] = this.#byMac.values();
    if (this.#byMac.size > maxBoots && oldest) this.#forget(oldest);
    return boot;
  }

  #forget(boot: Boot): void {
    this.#byId.delete(boot.id);
    for (const [mac, known] of this.#byMac) if (known === boot) this.#byMac.delete(mac);
    if (boot.address && this.#byAddress.get(boot.address) === boot) this.#byAddress.delete(boot.address);
  }
}
