import { isDeepStrictEqual } from "node:util";
import type { ResourceType, SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";

/** Makes the resources of a type say what was observed, all of it: what is not in `seen` is gone. */
export async function reflect<Type extends ResourceType>(
  state: State,
  type: Type,
  seen: ReadonlyMap<string, SpecOf<Type>>,
): Promise<void> {
  const { resources } = await state.list(type);
  const known = new Map(resources.map(({ metadata, spec }) => [metadata.id, spec]));
  for (const [id, spec] of seen) {
    if (!isDeepStrictEqual(known.get(id), spec)) await state.set(type, id, { spec });
  }
  for (const id of known.keys()) if (!seen.has(id)) await state.destroy(type, id);
}
