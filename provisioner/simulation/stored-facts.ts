import type { State } from "../../cosi/state.ts";
import { type Facts, gatherFacts } from "../decisions/facts.ts";
import { recordsOf } from "../services/machine-records.ts";

/** What the store says of a machine now; undefined for one that is not known. */
export async function storedFacts(state: State, id: string): Promise<Facts | undefined> {
  const records = await recordsOf(state, id);
  return records && gatherFacts(records);
}
