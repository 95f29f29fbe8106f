import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

const settled = { by: z.string(), why: z.string(), at: timestamp };

/**
 * Whether a machine may be worked on, and who said so: an operator, or a rule. Id: the machine's. A machine that was
 * accepted stays so when the rule that accepted it is changed.
 */
export const Admission = declare("Admissions", {
  aliases: ["admission", "admissions"],
  columns: { state: "{.state}", by: "{.by}", why: "{.why}" },
  spec: z.discriminatedUnion("state", [
    z.strictObject({ state: z.literal("waiting"), why: z.string() }),
    z.strictObject({ state: z.literal("accepted"), ...settled }),
    z.strictObject({ state: z.literal("rejected"), ...settled }),
  ]),
});
