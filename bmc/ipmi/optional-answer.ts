import { type Absent, absent } from "../bmc.ts";
import { absentCompletions } from "./completion.ts";
import { IpmiError } from "./error.ts";

/** The answer, or why this BMC has none: "I do not know this command" is no failure. */
export async function orAbsent<T>(answer: Promise<T>, also: readonly number[] = []): Promise<T | Absent> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof IpmiError) || error.completion === undefined) throw error;
    if (!absentCompletions.has(error.completion) && !also.includes(error.completion)) throw error;
    return absent(error.message);
  }
}
