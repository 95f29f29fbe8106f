import { z } from "zod";
import { declare } from "./declare.ts";

/**
 * That a machine shall be something. Id: the machine's. Tearing it down releases the machine: it goes when the
 * machine has been wiped after it, and not before.
 */
export const Assignment = declare("Assignments", {
  aliases: ["assignment", "assignments"],
  columns: { profile: "{.profile}", how: "{.how}", wipe: "{.wipeId}" },
  spec: z.strictObject({
    profile: z.string(),
    /** `adopt`: what is on the disks stays there, and counts as installed. */
    how: z.enum(["install", "adopt"]),
    /** The machine's wipe that it was made on; leaving takes the next one that nobody asked for yet. Adoption waives wipes up to this one. */
    wipeId: z.int().min(0),
    /** Where its node API is, of a machine that was adopted and never told its inventory. */
    addresses: z.array(z.string()).optional(),
  }),
});
