// What happened to machines, for people to read: each change of a machine's stage is an event. Of each machine a bounded
// number is kept, whoever wrote them.
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists, NotFound } from "../../cosi/state-errors.ts";
import { Event } from "../resources/event.ts";
import { MachineStatus } from "../resources/machine-status.ts";

/** Of one machine; the oldest go first. */
const usuallyMost = 200;

export class EventRecorder {
  readonly #state: State;
  readonly #most: number;
  readonly #stages = new Map<string, string>();
  readonly #ids = new Map<string, Set<string>>();
  /** Stages that machines were in before anybody looked are no events. */
  #isNews = false;

  constructor(state: State, most = usuallyMost) {
    this.#state = state;
    this.#most = most;
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#recordStages(signal), this.#keepFew(signal)]);
  }

  async #recordStages(signal: AbortSignal): Promise<void> {
    for await (const events of this.#state.watch(MachineStatus, { signal })) {
      for (const event of events) {
        if (event.type === "bootstrapped") {
          this.#isNews = true;
          continue;
        }
        const { metadata, spec } = event.resource;
        if (event.type === "destroyed") await this.#forget(metadata.id);
        else if (this.#stages.get(metadata.id) !== spec.stage) {
          this.#stages.set(metadata.id, spec.stage);
          if (this.#isNews) await this.#record(metadata.id, spec);
        }
      }
    }
  }

  /** The same change seen by two provisioners has the same id. */
  async #record(machine: string, { stage, why, since }: SpecOf<typeof MachineStatus>): Promise<void> {
    const id = `${since.toISOString().replaceAll(":", "")}-${machine}-${stage}`;
    const severity = stage === "failed" || stage === "conflicted" ? "error" : "info";
    const what = `${stage}: ${why}`;
    const spec = { at: since, firstAt: since, count: 1, machine, severity, kind: "stage", what } as const;
    await this.#state
      .create(Event, id, { spec, labels: { machine, kind: "stage" } })
      .catch((error: unknown) => {
        if (!(error instanceof AlreadyExists)) throw error;
      });
  }

  async #keepFew(signal: AbortSignal): Promise<void> {
    for await (const events of this.#state.watch(Event, { signal })) {
      for (const event of events) {
        if (event.type === "bootstrapped") continue;
        const { metadata, spec } = event.resource;
        if (spec.machine === undefined) continue;
        const ids = this.#ids.get(spec.machine) ?? new Set();
        this.#ids.set(spec.machine, ids);
        if (event.type === "destroyed") ids.delete(metadata.id);
        else ids.add(metadata.id);
        const [oldest] = ids;
        if (ids.size > this.#most && oldest !== undefined) await this.#drop(oldest);
        if (ids.size === 0) this.#ids.delete(spec.machine);
      }
    }
  }

  async #forget(machine: string): Promise<void> {
    this.#stages.delete(machine);
    for (const id of this.#ids.get(machine) ?? []) await this.#drop(id);
  }

  async #drop(id: string): Promise<void> {
    await this.#state.destroy(Event, id).catch((error: unknown) => {
      if (!(error instanceof NotFound)) throw error;
    });
  }
}
