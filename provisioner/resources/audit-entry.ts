import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";
import { roles } from "./roles.ts";

/** Who changed what by the API. Id: time-ordered. Written once; never holds a secret. */
export const AuditEntry = declare("AuditEntries", {
  aliases: ["audit", "auditentry", "auditentries"],
  columns: { at: "{.at}", who: "{.who}", action: "{.action}", target: "{.target}", outcome: "{.outcome.is}" },
  sensitive: true,
  spec: z.strictObject({
    at: timestamp,
    who: z.string(),
    role: z.enum(roles),
    address: z.string(),
    requestId: z.string(),
    action: z.string(),
    target: z.string(),
    outcome: z.discriminatedUnion("is", [
      z.strictObject({ is: z.literal("done") }),
      z.strictObject({ is: z.literal("refused"), why: z.string() }),
      z.strictObject({ is: z.literal("failed"), why: z.string() }),
    ]),
  }),
});
