import { type Absent, absent } from "../bmc.ts";
import { isLack } from "./problem.ts";

/** The answer, or why this BMC has none: what is not there, or not licensed, is no failure. */
export async function orAbsent<T>(answer: Promise<T>): Promise<T | Absent> {
  try {
    return await answer;
  } catch (error) {
    if (!isLack(error)) throw error;
    return absent(error.message);
  }
}
