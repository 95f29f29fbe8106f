// What was asked to leave goes when everybody has let go of it: whoever asked may be long gone, or killed.
import type { ResourceOf, ResourceType } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { NotFound, PendingFinalizers } from "../../cosi/state-errors.ts";
import { VersionConflict } from "../../cosi/store.ts";
import { wipeOfRelease } from "../decisions/facts.ts";
import { Assignment } from "../resources/assignment.ts";
import { Machine } from "../resources/machine.ts";
import { WipeStatus } from "../resources/wipe-status.ts";

/** Sees off machines and assignments, until the signal aborts. Several processes may do it at once. */
export async function seeOff(state: State, signal: AbortSignal): Promise<void> {
  const mayGo = (assignment: ResourceOf<typeof Assignment>) => isWipedAfter(state, assignment);
  await Promise.all([
    follow(state, Assignment, { mayGo, signal }),
    follow(state, Machine, { mayGo: async () => true, signal }),
  ]);
}

interface Following<Type extends ResourceType> {
  readonly mayGo: (resource: ResourceOf<Type>) => Promise<boolean>;
  readonly signal: AbortSignal;
}

async function follow<Type extends ResourceType>(
  state: State,
  type: Type,
  { mayGo, signal }: Following<Type>,
): Promise<void> {
  for await (const events of state.watch(type, { signal })) {
    for (const event of events) {
      if (event.type === "bootstrapped" || event.type === "destroyed") continue;
      const { id, phase, finalizers, version } = event.resource.metadata;
      if (phase !== "tearingDown" || finalizers.length > 0 || !(await mayGo(event.resource))) continue;
      try {
        await state.destroy(type, id, { version });
      } catch (error) {
        // Somebody was faster, and news of that is under way.
        if (!isOvertaken(error)) throw error;
      }
    }
  }
}

const isOvertaken = (error: unknown) =>
  error instanceof NotFound || error instanceof PendingFinalizers || error instanceof VersionConflict;

/**
 * An assignment that is released before the controllers ever saw it has no finalizer. Its machine may have been
 * installed all the same.
 */
async function isWipedAfter(state: State, assignment: ResourceOf<typeof Assignment>): Promise<boolean> {
  const machine = await state.find(Machine, assignment.metadata.id);
  if (!machine) return true;
  const wipe = await state.find(WipeStatus, assignment.metadata.id);
  return (wipe?.spec.wipedAt ?? 0) >= wipeOfRelease(machine, assignment);
}
