import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

/** One order to the agent: it is carried out at most once, and trying again is a new attempt. */
const attempt = {
  wipeId: z.int().min(1),
  attempt: z.int().min(1),
  orderId: z.string(),
  startedAt: timestamp,
};
const disks = z.array(z.strictObject({ disk: z.string(), failure: z.string().optional() }));

/** How the wipe of a machine's disks stands. Id: the machine's. None: never begun. */
export const WipeStatus = declare("WipeStatuses", {
  aliases: ["wipe", "wipestatus", "wipestatuses"],
  columns: { state: "{.run.state}", wiped: "{.wipedAt}", run: "{.run.wipeId}", why: "{.run.why}" },
  spec: z.strictObject({
    /** The greatest wipe id under which all disks were wiped and verified; 0 for none. */
    wipedAt: z.int().min(0),
    run: z.discriminatedUnion("state", [
      z.strictObject({
        state: z.literal("running"),
        ...attempt,
        kernelBootId: z.string(),
        deadline: timestamp,
        progress: z.array(
          z.strictObject({
            disk: z.string(),
            step: z.enum(["waiting", "takingApart", "erasing", "verifying", "done", "failed"]),
            doneBytes: z.int().min(0),
            totalBytes: z.int().min(0),
          }),
        ),
      }),
      /** The machine lost power or was reset meanwhile: what came of it is unknown, and it is begun anew. */
      z.strictObject({ state: z.literal("interrupted"), ...attempt, endedAt: timestamp, why: z.string() }),
      /** It will not get better by itself. */
      z.strictObject({
        state: z.literal("failed"),
        ...attempt,
        endedAt: timestamp,
        why: z.string(),
        disks,
      }),
      z.strictObject({ state: z.literal("done"), ...attempt, endedAt: timestamp, disks }),
    ]),
  }),
});
