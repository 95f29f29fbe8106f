import { createHash } from "node:crypto";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists, NotFound } from "../../cosi/state-errors.ts";
import { Event } from "../resources/event.ts";

type Happened = Pick<SpecOf<typeof Event>, "severity" | "kind" | "what"> & {
  readonly machine: string;
  readonly at: Date;
};

/**
 * Keeps that something happened to a machine. The same again within its hour only counts up: what a machine can have
 * written by failing in a circle stays one line.
 */
export async function recordEvent(state: State, { at, machine, ...happened }: Happened): Promise<void> {
  const hour = at.toISOString().slice(0, 13).replaceAll(":", "");
  const digest = createHash("sha256").update(`${happened.kind} ${happened.what}`).digest("hex").slice(0, 12);
  const id = `${hour}-${machine}-${digest}`;
  const labels = { machine, kind: happened.kind };
  for (;;) {
    try {
      const spec = { at, firstAt: at, count: 1, machine, ...happened };
      return void (await state.create(Event, id, { spec, labels }));
    } catch (error) {
      if (!(error instanceof AlreadyExists)) throw error;
    }
    try {
      return void (await state.update(Event, id, ({ spec }) => ({
        spec: { ...spec, at, count: spec.count + 1 },
      })));
    } catch (error) {
      // Dropped a moment ago, as the oldest of too many.
      if (!(error instanceof NotFound)) throw error;
    }
  }
}
