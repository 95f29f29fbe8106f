import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

/** Something that happened. Id: time-ordered. Labels: the machine and the kind. The same again only counts up. */
export const Event = declare("Events", {
  aliases: ["event", "events", "ev"],
  columns: { at: "{.at}", machine: "{.machine}", kind: "{.kind}", what: "{.what}", count: "{.count}" },
  spec: z.strictObject({
    at: timestamp,
    firstAt: timestamp,
    count: z.int().min(1),
    machine: z.string().optional(),
    severity: z.enum(["info", "warning", "error"]),
    kind: z.string(),
    /** One sentence for a person: the `why` of the decision behind it. */
    what: z.string(),
  }),
});
