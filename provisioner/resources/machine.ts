import { z } from "zod";
import { declare } from "./declare.ts";
import { machineIdentity } from "./machine-identity.ts";

/**
 * What people ask of a machine. Id: its UUID when that is sane, else a generated one that never changes.
 *
 * What is asked again is a number that grows, not a flag that somebody would have to take back: after a crash at any
 * point, comparing it with what was observed says what is left to do.
 */
export const Machine = declare("Machines", {
  aliases: ["machine", "machines", "m"],
  columns: { name: "{.name}", power: "{.power}", admission: "{.admission.is}", cordon: "{.cordon.why}" },
  spec: z.strictObject({
    /** For people, and the host name that its config is given. */
    name: z.string().optional(),
    identity: machineIdentity,
    admission: z.discriminatedUnion("is", [
      z.strictObject({ is: z.literal("byRule") }),
      z.strictObject({ is: z.literal("accepted"), by: z.string() }),
      z.strictObject({ is: z.literal("rejected"), by: z.string(), why: z.string() }),
    ]),
    /** Its disks shall have been wiped under at least this number. 1 asks for the wipe of a new machine. */
    wipeId: z.int().min(1),
    /** Counts the times that somebody said "try again" after Ingot had given up. */
    retryId: z.int().min(0),
    /** `automatic`: on while there is something to do, off while it idles in the pool. */
    power: z.enum(["automatic", "on", "off"]),
    /** Somebody works on the hardware: Ingot leaves it alone. */
    cordon: z.strictObject({ why: z.string(), by: z.string() }).optional(),
    /** Its node shall be put on another image; counted, so that the same one can be asked for again. */
    upgrade: z
      .strictObject({
        upgradeId: z.int().min(1),
        /** Its name here, or where it is; undefined: the one of its profile. */
        image: z.string().optional(),
        /** What is installed after a later wipe is another system. */
        wipeId: z.int().min(0),
      })
      .optional(),
    /** For firmware that differs from the rest. */
    boot: z.strictObject({
      loader: z.enum(["snponly", "ipxe", "signed"]).optional(),
      diskMethod: z.enum(["exit", "sanboot", "http404"]).optional(),
      paceBytesPerSecond: z.int().min(1).optional(),
    }),
  }),
});
