import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

/** What a node that we are known to says of itself. */
const shown = {
  /** Where its API answered. */
  address: z.string().optional(),
  version: z.string().optional(),
  /** Another one with each boot. */
  bootId: z.string().optional(),
} as const;

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
      z.strictObject({ is: z.literal("ready"), since: timestamp, ...shown }),
      /** It answers, and says itself that something is missing. */
      z.strictObject({ is: z.literal("notReady"), since: timestamp, why: z.string(), ...shown }),
      z.strictObject({
        is: z.literal("silent"),
        since: timestamp,
        why: z.string(),
        /** Where it answered before. */
        address: z.string().optional(),
      }),
    ]),
  }),
});
