// Machines that only a boot question tells of. Whoever can send frames on a boot network can make them up: records of
// them are made at a bounded pace, are bounded in number, and are forgotten where no agent ever came.
import { type Clock, sleep } from "../../cosi/clock.ts";
import { equal } from "../../cosi/query.ts";
import type { ResourceOf, ResourceType } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { NotFound, PhaseConflict } from "../../cosi/state-errors.ts";
import { VersionConflict } from "../../cosi/store.ts";
import { Admission } from "../resources/admission.ts";
import { Assignment } from "../resources/assignment.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";

/** On a machine of which nothing is known but what some firmware said. */
export const strangerLabels = { "ingot.dev/known-by": "boot" } as const;

interface StrangersOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly log: (text: string) => void;
  readonly limits?: Partial<typeof usual>;
}

const usual = {
  /** A hall full of new machines may be switched on at once. */
  burst: 1_000,
  perSecond: 5,
  /** That nobody has heard of since. */
  most: 5_000,
  /** The slowest server is through its self-test, and its agent there, long before. */
  forgottenAfterMs: 3_600_000,
};
const everyMs = 60_000;

export class Strangers {
  readonly #options: StrangersOptions;
  readonly #limits: typeof usual;
  #left: number;
  #countedMs: number;
  /** As it was when somebody last looked, and those made since. */
  #count = 0;
  #refused = 0;

  constructor(options: StrangersOptions) {
    this.#options = options;
    this.#limits = { ...usual, ...options.limits };
    this.#left = this.#limits.burst;
    this.#countedMs = options.clock.elapsedMs();
  }

  /** Why one more is not written down; undefined where it is. */
  refusal(): string | undefined {
    const { burst, perSecond, most } = this.#limits;
    const now = this.#options.clock.elapsedMs();
    this.#left = Math.min(burst, this.#left + ((now - this.#countedMs) / 1000) * perSecond);
    this.#countedMs = now;
    const why =
      this.#count >= most
        ? `${most} machines that nobody knows are waiting already`
        : this.#left < 1
          ? "too many machines that nobody knows ask at once"
          : undefined;
    if (why === undefined) {
      this.#left -= 1;
      this.#count += 1;
    } else this.#refused += 1;
    return why;
  }

  /** Looks through them until the signal aborts. Several processes may do it at once. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (;;) {
      await this.#look();
      if (this.#refused > 0) log(`${this.#refused} boots of machines that nobody knows were put off`);
      this.#refused = 0;
      await sleep(clock, everyMs, signal);
    }
  }

  async #look(): Promise<void> {
    const { state, clock } = this.#options;
    const [[label, value]] = Object.entries(strangerLabels) as [[string, string]];
    const { resources } = await state.list(Machine, { labels: [equal(label, value)] });
    let count = 0;
    for (const machine of resources) {
      const { id, created, version } = machine.metadata;
      const ageMs = clock.now().getTime() - created.getTime();
      try {
        if (await this.#isKnown(machine)) {
          const { [label]: _, ...labels } = machine.metadata.labels;
          await state.update(Machine, id, { labels }, { version });
        } else if (ageMs > this.#limits.forgottenAfterMs) await state.teardown(Machine, id, { version });
        else count += 1;
      } catch (error) {
        // Something has just happened to it: the next look sees it.
        if (!isOvertaken(error)) throw error;
      }
    }
    this.#count = count;
  }

  /** Whether its agent has ever come, or a person has had to do with it. */
  async #isKnown({ metadata, spec }: ResourceOf<typeof Machine>): Promise<boolean> {
    const { admission, name, cordon, power, wipeId, retryId } = spec;
    if (admission.is !== "byRule" || name !== undefined || cordon || power !== "automatic") return true;
    if (wipeId > 1 || retryId > 0 || Object.keys(metadata.labels).length > 1) return true;
    const has = async (type: ResourceType) =>
      (await this.#options.state.find(type, metadata.id)) !== undefined;
    if ((await has(Inventory)) || (await has(BmcConfig)) || (await has(Assignment))) return true;
    return (await this.#options.state.find(Admission, metadata.id))?.spec.state === "accepted";
  }
}

const isOvertaken = (error: unknown) =>
  error instanceof NotFound || error instanceof PhaseConflict || error instanceof VersionConflict;
