import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

/** Something that takes a while and that somebody asked for: an import, a backup, a test of memory. */
export const Task = declare("Tasks", {
  aliases: ["task", "tasks"],
  columns: { what: "{.what}", state: "{.run.state}", by: "{.by}" },
  spec: z.strictObject({
    what: z.string(),
    by: z.string(),
    askedAt: timestamp,
    run: z.discriminatedUnion("state", [
      z.strictObject({ state: z.literal("waiting"), why: z.string() }),
      z.strictObject({
        state: z.literal("running"),
        startedAt: timestamp,
        doing: z.string(),
        done: z.number().min(0),
        /** 0 where nobody knows. */
        of: z.number().min(0),
      }),
      z.strictObject({ state: z.literal("done"), endedAt: timestamp, result: z.string() }),
      z.strictObject({ state: z.literal("failed"), endedAt: timestamp, why: z.string() }),
    ]),
  }),
});
