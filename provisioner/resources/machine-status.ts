import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";
import { stages } from "./stages.ts";

/** Where a machine is in its life, since when, and what it waits for. Id: the machine's. */
export const MachineStatus = declare("MachineStatuses", {
  aliases: ["machinestatus", "machinestatuses", "ms"],
  columns: { stage: "{.stage}", since: "{.since}", why: "{.why}", progress: "{.progress.is}" },
  spec: z.strictObject({
    stage: z.enum(stages),
    why: z.string(),
    since: timestamp,
    /** A stage that took too long is tried again; with `retries` above 0 a machine counts as stuck. */
    progress: z.discriminatedUnion("is", [
      z.strictObject({ is: z.literal("onTime"), deadline: timestamp.optional(), retries: z.int().min(0) }),
      /** No more retries until the machine's `retryId` is greater than the one given here. */
      z.strictObject({
        is: z.literal("gaveUp"),
        at: timestamp,
        step: z.enum(stages),
        why: z.string(),
        retryId: z.int().min(0),
      }),
    ]),
  }),
});
