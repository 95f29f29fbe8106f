// What happened to machines, for people to read: each change of a machine's stage is an event.
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists, NotFound } from "../../cosi/state-errors.ts";
import { Event } from "../resources/event.ts";
import { MachineStatus } from "../resources/machine-status.ts";

/** Of one machine; the oldest go first. */
const most = 200;

export class EventRecorder {
  readonly #state: State;
  readonly #stages = new Map<string, string>();
  readonly #ids = new Map<string, string[]>();

  constructor(state: State) {
    this.#state = state;
  }

  async run(signal: AbortSignal): Promise<void> {
    for (const { metadata, spec } of (await this.#state.list(Event)).resources) {
      if (spec.machine !== undefined) this.#remember(spec.machine, metadata.id);
    }
    let isNews = false;
    for await (const events of this.#state.watch(MachineStatus, { signal })) {
      for (const event of events) {
        if (event.type === "bootstrapped") {
          isNews = true;
          continue;
        }
        const { metadata, spec } = event.resource;
        if (event.type === "destroyed") await this.#forget(metadata.id);
        else if (this.#stages.get(metadata.id) !== spec.stage) {
          this.#stages.set(metadata.id, spec.stage);
          if (isNews) await this.#record(metadata.id, spec);
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
    this.#remember(machine, id);
    const ids = this.#ids.get(machine)!;
    if (ids.length > most) await this.#drop(ids.shift()!);
  }

  #remember(machine: string, id: string): void {
    const ids = this.#ids.get(machine) ?? [];
    ids.push(id);
    this.#ids.set(machine, ids);
  }

  async #forget(machine: string): Promise<void> {
    this.#stages.delete(machine);
    for (const id of this.#ids.get(machine) ?? []) await this.#drop(id);
    this.#ids.delete(machine);
  }

  async #drop(id: string): Promise<void> {
    await this.#state.destroy(Event, id).catch((error: unknown) => {
      if (!(error instanceof NotFound)) throw error;
    });
  }
}
