import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

/** Evidence that a system is on a machine's disks. Id: the machine's. */
export const Installation = declare("Installations", {
  aliases: ["installation", "installations"],
  columns: { wipe: "{.wipeId}", evidence: "{.evidence}", node: "{.node.is}" },
  spec: z.strictObject({
    /** The wipe after which it was installed: a later wipe takes it away, and nobody has to say so. */
    wipeId: z.int().min(0),
    evidence: z.enum(["nodeApi", "phoneHome", "operator", "adoption"]),
    at: timestamp,
    node: z.discriminatedUnion("is", [
      z.strictObject({ is: z.literal("unseen") }),
      z.strictObject({ is: z.literal("ready"), since: timestamp }),
      z.strictObject({ is: z.literal("silent"), since: timestamp, why: z.string() }),
    ]),
  }),
});
