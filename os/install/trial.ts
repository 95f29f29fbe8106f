// What becomes of a slot on trial, kept in META: whoever boots after it can tell why it is not the one that runs.
import * as z from "zod";
import { slots } from "./layout.ts";

const record = z.object({
  slot: z.enum(slots),
  /** Where its image came from. */
  image: z.string(),
  /** How far its boot has come; undefined while nothing of it has been heard. */
  reached: z.string().optional(),
  /** Why it will not be kept. */
  failure: z.string().optional(),
});

export type TrialRecord = z.output<typeof record>;

export const encodeTrial = (trial: TrialRecord): Uint8Array => Buffer.from(JSON.stringify(trial));

/** Undefined when there is none, or none that we can read. */
export function decodeTrial(value: Uint8Array | undefined): TrialRecord | undefined {
  if (!value) return undefined;
  try {
    return record.parse(JSON.parse(Buffer.from(value).toString("utf8")));
  } catch {
    return undefined;
  }
}

/** Why the slot that was on trial is not the one that runs: in its own words, or else by what it left behind. */
export function whyItFell(
  { failure, reached }: TrialRecord,
  { resetByWatchdog }: { resetByWatchdog: boolean },
): string {
  if (failure !== undefined) return failure;
  if (resetByWatchdog)
    return reached === undefined
      ? "it hung before PID 1 was up: the watchdog reset the machine"
      : `it hung after it had reached "${reached}": the watchdog reset the machine`;
  return reached === undefined
    ? "nothing was heard of it: its kernel or its first process ended in a panic, or the power was lost"
    : `it ended without a word after it had reached "${reached}": a panic, a hang or a loss of power`;
}
