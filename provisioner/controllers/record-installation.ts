import type { Clock } from "../../cosi/clock.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists, NotFound } from "../../cosi/state-errors.ts";
import { Installation } from "../resources/installation.ts";

type Record = SpecOf<typeof Installation>;
type Evidence = Pick<Record, "wipeId" | "evidence"> & { readonly node?: Record["node"] };

interface Shelf {
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
}

/**
 * Stores that a system is on a machine's disks. `wipeId` is the wipe after which it was installed, as whoever tells
 * knows it: evidence that comes late, of what has been wiped since, changes nothing.
 */
export async function recordInstallation(
  { state, clock }: Shelf,
  machine: string,
  { wipeId, evidence, node }: Evidence,
): Promise<void> {
  const now = clock.now();
  // What tells by other means than its API has no API that could be asked: its word is all there is.
  const shown = node ?? { is: "ready", since: now };
  const first = { wipeId, evidence, at: now, node: shown } as const;
  for (;;) {
    try {
      await state.update(Installation, machine, ({ spec }) => {
        if (wipeId < spec.wipeId) return {};
        return { spec: wipeId > spec.wipeId ? first : { ...spec, node: shown } };
      });
      return;
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
    try {
      await state.create(Installation, machine, { spec: first });
      return;
    } catch (error) {
      if (!(error instanceof AlreadyExists)) throw error;
    }
  }
}
