import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";
import { machineIdentity } from "./machine-identity.ts";

/** Who else claims to be a machine. Id: the machine's. Shown for people to resolve, never merged. */
export const IdentityConflict = declare("IdentityConflicts", {
  aliases: ["conflict", "conflicts", "identityconflict", "identityconflicts"],
  columns: { claims: "{.claims}" },
  spec: z.strictObject({
    claims: z.array(z.strictObject({ identity: machineIdentity, seenAt: timestamp, why: z.string() })).min(1),
  }),
});
