import type { ResourceOf } from "../../cosi/resource.ts";
import type { AgentOrder } from "../resources/agent-order.ts";
import type { MachineBody } from "./machine-body.ts";
import { between } from "./random.ts";
import type { Outcome, Peer, Services } from "./site.ts";

type Order = ResourceOf<typeof AgentOrder>;
type Result = Extract<Outcome, { state: "succeeded" }>["result"];

interface Entry {
  readonly spec: Order["spec"];
  number: number;
  outcome: Outcome;
  cancelled: boolean;
  settled: boolean;
}

const seconds = (count: number) => count * 1000;

/** One boot of the agent: it keeps every order, carries it out once, and dials for ever. */
export class SimulatedAgent implements Peer {
  readonly machine: MachineBody;
  readonly kernelBootId: string;
  readonly #book = new Map<string, Entry>();
  session: Services | undefined;
  #dead = false;

  constructor(machine: MachineBody, kernelBootId: string) {
    this.machine = machine;
    this.kernelBootId = kernelBootId;
  }

  dial(): void {
    this.machine.later(seconds(1), seconds(8), () => {
      const { services } = this.machine.site;
      if (this.session || this.#dead) return;
      if (!services) return this.dial();
      this.session = services;
      services.attach(this);
    });
  }

  lose(): void {
    if (!this.session) return;
    this.session = undefined;
    if (!this.#dead) this.dial();
  }

  /** The machine was turned off or started over. */
  die(): void {
    this.#dead = true;
    if (this.#isWiping()) this.machine.disks = { is: "rubble", of: "wipe" };
    this.session?.detach(this);
    this.session = undefined;
  }

  knows(order: string): boolean {
    return this.#book.has(order);
  }

  receive({ metadata: { id }, spec }: Order): void {
    const known = this.#book.get(id);
    if (known) {
      if (spec.cancelled) known.cancelled = true;
      return this.#send(id, known);
    }
    const entry: Entry = {
      spec,
      number: 0,
      outcome: { state: "running", doing: spec.why },
      cancelled: false,
      settled: false,
    };
    this.#book.set(id, entry);
    if (spec.cancelled) return this.#tell(id, entry, { state: "cancelled", why: "never begun" });
    if (spec.kernelBootId !== this.kernelBootId) {
      return this.#tell(id, entry, { state: "refused", why: "meant for another boot" });
    }
    this.#tell(id, entry, entry.outcome);
    this.#carryOut(id, entry);
  }

  /** The outcome is stored. The order stays known, so that it is not begun should it come again. */
  settle(id: string): void {
    const entry = this.#book.get(id);
    if (entry && entry.outcome.state !== "running") entry.settled = true;
  }

  unsettled(): readonly (readonly [id: string, entry: Entry])[] {
    return [...this.#book].filter(([, { settled }]) => !settled);
  }

  #carryOut(id: string, entry: Entry): void {
    const { machine } = this;
    const { what } = entry.spec;
    switch (what.is) {
      case "wipe":
        return this.#wipe(id, entry, what);
      case "bmcAccount":
        return machine.later(seconds(5), seconds(20), () => {
          this.#tell(
            id,
            entry,
            machine.hardware.bmc ? accountMade(machine) : { state: "failed", why: "no BMC" },
          );
        });
      case "reboot":
        this.#tell(id, entry, { state: "succeeded" });
        return machine.later(seconds(1), seconds(10), () => machine.reset("its agent was told to reboot"));
      case "powerOff":
        this.#tell(id, entry, { state: "succeeded" });
        return machine.later(seconds(1), seconds(10), () => machine.turnOff());
      case "identify":
      case "test":
        return this.#tell(id, entry, { state: "succeeded" });
    }
  }

  #wipe(id: string, entry: Entry, what: Order["spec"]["what"] & { is: "wipe" }): void {
    const { machine } = this;
    if ([...this.#book.values()].filter((one) => isWipeUnderWay(one)).length > 1) {
      machine.site.violations.push(`${machine.id} was told to wipe while it wipes`);
    }
    if (machine.wiped.has(what.wipeId) && machine.disks.is === "system") {
      machine.site.violations.push(`${machine.id} was wiped twice under ${what.wipeId}`);
    }
    machine.disks = { is: "rubble", of: "wipe" };
    const step = (left: number): void =>
      machine.later(seconds(20), seconds(120), () => {
        if (entry.cancelled) return this.#tell(id, entry, { state: "cancelled", why: "it was told to stop" });
        if (left > 0) {
          this.#tell(id, entry, { state: "running", doing: `${left} to go` });
          return step(left - 1);
        }
        if (machine.hardware.badDisk) {
          return this.#tell(id, entry, {
            state: "succeeded",
            result: wipeResult(machine, what, "medium error"),
          });
        }
        machine.disks = { is: "empty" };
        machine.wiped.add(what.wipeId);
        this.#tell(id, entry, { state: "succeeded", result: wipeResult(machine, what, undefined) });
      });
    step(between(machine.site.random, 0, 3));
  }

  #isWiping(): boolean {
    return [...this.#book.values()].some(isWipeUnderWay);
  }

  #tell(id: string, entry: Entry, outcome: Outcome): void {
    if (this.#dead) return;
    entry.number++;
    entry.outcome = outcome;
    this.#send(id, entry);
  }

  #send(id: string, entry: Entry): void {
    this.session?.take(this, id, entry);
  }
}

const isWipeUnderWay = ({ spec, outcome }: Entry) => spec.what.is === "wipe" && outcome.state === "running";

function accountMade(machine: MachineBody): Outcome {
  const result: Result = {
    of: "bmcAccount",
    addresses: [`bmc-${machine.id}`],
    mac: "",
    lanChannel: 1,
    userId: 3,
    manufacturer: "",
    firmwareVersion: "",
  };
  return { state: "succeeded", result };
}

function wipeResult(
  machine: MachineBody,
  { disks }: Order["spec"]["what"] & { is: "wipe" },
  failure: string | undefined,
): Result {
  const now = machine.site.clock.now();
  return {
    of: "wipe",
    disks: disks.map(({ disk, serial, wwid, sizeBytes, methods }) => ({
      disk,
      model: "",
      serial,
      wwid,
      sizeBytes,
      method: methods[0]!,
      startedAt: now,
      endedAt: now,
      takenApart: [],
      samples: 64,
      mismatches: 0,
      ...(failure !== undefined && { failure }),
    })),
  };
}
