// Machines that only a boot question tells of. Whoever can send frames on a boot network can make them up: records of
// them are made at a bounded pace, and forgotten where no agent ever came: after an hour, and the oldest first where
// there are too many, so that a flood keeps no machine out that is there.
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
  /** That nobody has heard of since. Those on their way out count too, from the next look on. */
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
  readonly #totals = { refused: 0, late: 0, crowdedOut: 0 };

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
    } else this.#totals.refused += 1;
    return why;
  }

  /** For Prometheus. */
  metrics(): string {
    const { refused, late, crowdedOut } = this.#totals;
    return [
      "# HELP ingot_strangers Machines of which nothing is known but what some firmware said.",
      "# TYPE ingot_strangers gauge",
      `ingot_strangers ${this.#count}`,
      "# HELP ingot_strangers_refused_total Boots of unknown machines that were put off, because too many came at once.",
      "# TYPE ingot_strangers_refused_total counter",
      `ingot_strangers_refused_total ${refused}`,
      "# HELP ingot_strangers_forgotten_total Machines that were forgotten because no agent of theirs ever came.",
      "# TYPE ingot_strangers_forgotten_total counter",
      `ingot_strangers_forgotten_total{why="late"} ${late}`,
      `ingot_strangers_forgotten_total{why="crowdedOut"} ${crowdedOut}`,
      "",
    ].join("\n");
  }

  /** Looks through them until the signal aborts. Several processes may do it at once. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let told = { ...this.#totals };
    for (;;) {
      await this.#look(signal);
      const { refused, late, crowdedOut } = this.#totals;
      if (refused > told.refused)
        log(`${refused - told.refused} boots of machines that nobody knows were put off`);
      if (late > told.late)
        log(
          `${late - told.late} machines were forgotten: they asked for a boot, and no agent of theirs came`,
        );
      if (crowdedOut > told.crowdedOut)
        log(
          `${crowdedOut - told.crowdedOut} machines were forgotten before their time: ${this.#count} others of which no agent came are newer`,
        );
      told = { ...this.#totals };
      await sleep(clock, everyMs, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { state, clock } = this.#options;
    const { burst, perSecond, most, forgottenAfterMs } = this.#limits;
    const [[label, value]] = Object.entries(strangerLabels) as [[string, string]];
    const { resources } = await state.list(Machine, { labels: [equal(label, value)] });
    const waiting: ResourceOf<typeof Machine>[] = [];
    let leaving = 0;
    for (const machine of resources) {
      const { id, labels, phase, version } = machine.metadata;
      const { [label]: _, ...others } = labels;
      if (phase === "tearingDown") leaving += 1;
      else if (!(await this.#isKnown(machine))) waiting.push(machine);
      else await unlessOvertaken(state.update(Machine, id, { labels: others }, { version }));
      // There may be thousands of them, and others who ask what to boot.
      await sleep(clock, 0, signal);
    }
    // Room for all that may come until the next look.
    const spare = leaving + waiting.length - (most - burst - (perSecond * everyMs) / 1000);
    const forget = async (
      { metadata: { id, version } }: ResourceOf<typeof Machine>,
      as: "late" | "crowdedOut",
    ) => {
      if (!(await unlessOvertaken(state.teardown(Machine, id, { version })))) return;
      this.#totals[as] += 1;
      this.#count -= 1;
    };
    this.#count = leaving + waiting.length;
    waiting.sort((one, other) => one.metadata.created.getTime() - other.metadata.created.getTime());
    for (const [index, machine] of waiting.entries()) {
      const ageMs = clock.now().getTime() - machine.metadata.created.getTime();
      if (ageMs > forgottenAfterMs) await forget(machine, "late");
      else if (index < spare) await forget(machine, "crowdedOut");
    }
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

/** Whether it was written. Where something has just happened to it, the next look sees that. */
async function unlessOvertaken(writing: Promise<unknown>): Promise<boolean> {
  try {
    await writing;
    return true;
  } catch (error) {
    if (error instanceof NotFound || error instanceof PhaseConflict || error instanceof VersionConflict)
      return false;
    throw error;
  }
}
