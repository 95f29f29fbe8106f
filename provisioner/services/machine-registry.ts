// Which machine speaks: the one place where what a firmware or an agent says of itself becomes a machine's id.
import type { Clock } from "../../cosi/clock.ts";
import type { ResourceOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists, NotFound } from "../../cosi/state-errors.ts";
import { machineHolds } from "../controllers/machine-holds.ts";
import { recognise, traitsOf } from "../decisions/identity.ts";
import { IdentityConflict } from "../resources/identity-conflict.ts";
import { Machine } from "../resources/machine.ts";
import { type MachineIdentity, machineIdentity } from "../resources/machine-identity.ts";
import { type Strangers, strangerLabels } from "./strangers.ts";

export type Met =
  | { readonly is: "machine"; readonly id: string }
  /** It may be one of several, or nobody could ever know it again. */
  | { readonly is: "nobody"; readonly why: string };

export interface RegistryOptions {
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
  readonly strangers: Pick<Strangers, "refusal">;
}

/** Whoever can name a machine can claim to be it, with ever new addresses: more are not written down. */
const mostMacs = 64;
const mostClaims = 16;

export class MachineRegistry {
  readonly #state: State;
  readonly #clock: Pick<Clock, "now">;
  readonly #strangers: Pick<Strangers, "refusal">;
  readonly #known = Promise.withResolvers<void>();
  readonly #identities = new Map<string, MachineIdentity>();
  /** Every trait by which machines are told apart, and who has it. */
  readonly #byTrait = new Map<string, Set<string>>();

  constructor({ state, clock, strangers }: RegistryOptions) {
    this.#state = state;
    this.#clock = clock;
    this.#strangers = strangers;
  }

  /** Resolves when all that were in the store at the beginning are known. */
  get known(): Promise<void> {
    return this.#known.promise;
  }

  /** Follows the machines of the store until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    const gone = new Set(this.#identities.keys());
    for await (const events of this.#state.watch(Machine, { signal })) {
      for (const event of events) {
        if (event.type === "bootstrapped") {
          // They went while nobody looked.
          for (const id of gone) this.#forget(id);
          gone.clear();
          this.#known.resolve();
          continue;
        }
        const { id } = event.resource.metadata;
        gone.delete(id);
        if (event.type === "destroyed") this.#forget(id);
        else this.#learn(event.resource);
      }
    }
  }

  /** The machine that this can only be; undefined for a stranger. */
  find(claim: MachineIdentity): string | undefined {
    const recognition = recognise(claim, this.#candidates(claim));
    return recognition.is === "known" ? recognition.id : undefined;
  }

  /** Finds the machine, adds to it what is new about it, or makes it. */
  async meet(claim: MachineIdentity): Promise<Met> {
    // Whoever relays it has not looked at it.
    if (!machineIdentity.safeParse(claim).success) {
      return {
        is: "nobody",
        why: "what it says of itself is no MAC address, or longer than any serial number",
      };
    }
    const recognition = recognise(claim, this.#candidates(claim));
    switch (recognition.is) {
      case "known":
        await this.#addTo(recognition.id, claim);
        return { is: "machine", id: recognition.id };
      case "new":
        return this.#make(recognition.id, claim);
      case "conflict":
        for (const id of recognition.with) await this.#report(id, claim, recognition.why);
        return { is: "nobody", why: recognition.why };
      case "nameless":
        return { is: "nobody", why: recognition.why };
    }
  }

  async #make(id: string, identity: MachineIdentity): Promise<Met> {
    const why = this.#strangers.refusal();
    if (why !== undefined) return { is: "nobody", why };
    try {
      const body = { spec: { ...newcomer, identity }, labels: strangerLabels };
      this.#learn(await this.#state.create(Machine, id, body, { finalizers: machineHolds }));
    } catch (error) {
      if (!(error instanceof AlreadyExists)) throw error;
      // Another provisioner met it at the same moment.
      this.#learn(await this.#state.get(Machine, id));
    }
    return { is: "machine", id };
  }

  async #addTo(id: string, claim: MachineIdentity): Promise<void> {
    const known = this.#identities.get(id)!;
    if (isWithin(claim, known) || known.macs.length >= mostMacs) return;
    try {
      const merged = await this.#state.update(Machine, id, ({ spec }) => ({
        spec: { ...spec, identity: merge(spec.identity, claim) },
      }));
      this.#learn(merged);
    } catch (error) {
      // It was removed a moment ago: the next word from it makes it anew.
      if (!(error instanceof NotFound)) throw error;
    }
  }

  async #report(id: string, identity: MachineIdentity, why: string): Promise<void> {
    const seenAt = this.#clock.now();
    const before = (await this.#state.find(IdentityConflict, id))?.spec.claims ?? [];
    if (before.length >= mostClaims || before.some((claim) => isWithin(identity, claim.identity))) return;
    await this.#state.set(IdentityConflict, id, {
      spec: { claims: [...before, { identity, seenAt, why }] },
    });
  }

  #candidates(claim: MachineIdentity) {
    const ids = new Set(traitsOf(claim).flatMap((trait) => [...(this.#byTrait.get(trait) ?? [])]));
    return [...ids].sort().map((id) => ({ id, identity: this.#identities.get(id)! }));
  }

  #learn({ metadata: { id }, spec: { identity } }: ResourceOf<typeof Machine>): void {
    this.#forget(id);
    this.#identities.set(id, identity);
    for (const trait of traitsOf(identity)) {
      const holders = this.#byTrait.get(trait) ?? new Set();
      this.#byTrait.set(trait, holders.add(id));
    }
  }

  #forget(id: string): void {
    const identity = this.#identities.get(id);
    if (!identity) return;
    this.#identities.delete(id);
    for (const trait of traitsOf(identity)) {
      const holders = this.#byTrait.get(trait);
      holders?.delete(id);
      if (holders?.size === 0) this.#byTrait.delete(trait);
    }
  }
}

const newcomer = {
  admission: { is: "byRule" },
  wipeId: 1,
  retryId: 0,
  power: "automatic",
  boot: {},
} as const;

const isWithin = (claim: MachineIdentity, known: MachineIdentity) =>
  claim.macs.every((mac) => known.macs.includes(mac)) &&
  (!claim.uuid || known.uuid !== undefined) &&
  (!claim.serial || known.serial !== undefined) &&
  (!claim.boardSerial || known.boardSerial !== undefined);

/** What was known stays: a name that changes is a decision for people. */
const merge = (known: MachineIdentity, claim: MachineIdentity): MachineIdentity => ({
  ...claim,
  ...known,
  macs: [...new Set([...known.macs, ...claim.macs])].sort(),
});
