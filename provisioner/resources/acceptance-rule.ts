import { z } from "zod";
import { declare } from "./declare.ts";
import { wipeMethods } from "./wipe-methods.ts";

/**
 * A field of the inventory by its path (`system.manufacturer`). A path through a list means any of its members
 * (`disks.model`), and `disks.count` is how many there are. Patterns know `*` and `?` and ignore case: an expression
 * language could be made to run for ever by what a machine says of itself.
 */
const condition = z.discriminatedUnion("is", [
  z.strictObject({ field: z.string(), is: z.literal("like"), pattern: z.string() }),
  z.strictObject({ field: z.string(), is: z.literal("unlike"), pattern: z.string() }),
  z.strictObject({ field: z.string(), is: z.literal("atLeast"), number: z.number() }),
  z.strictObject({ field: z.string(), is: z.literal("atMost"), number: z.number() }),
  z.strictObject({ field: z.string(), is: z.literal("oneOf"), values: z.array(z.string()).min(1) }),
]);

export type AcceptanceCondition = z.output<typeof condition>;

/** Which machines to accept or to reject unasked. Id: its name. */
export const AcceptanceRule = declare("AcceptanceRules", {
  aliases: ["rule", "rules", "acceptancerule", "acceptancerules"],
  columns: { order: "{.order}", verdict: "{.verdict}" },
  spec: z.strictObject({
    /** The rule with the lowest order that matches decides; between equals, the one that rejects, then the name. */
    order: z.int(),
    verdict: z.enum(["accept", "reject"]),
    /** All of them must hold. None at all: every machine. */
    when: z.array(condition),
    /** How the disks of the machines that it accepts are wiped: the first that a disk can do. */
    wipeMethods: z.array(z.enum(wipeMethods)).optional(),
  }),
});
