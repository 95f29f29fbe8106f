import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";
import { machineIdentity } from "./machine-identity.ts";
import { stages } from "./stages.ts";

/** Where a machine is in its life, since when, and what it waits for. Id: the machine's. */
export const MachineStatus = declare("MachineStatuses", {
  aliases: ["machinestatus", "machinestatuses", "ms"],
  columns: { stage: "{.stage}", since: "{.since}", why: "{.why}", stuck: "{.progress.is}" },
  spec: z.strictObject({
    stage: z.enum(stages),
    why: z.string(),
    since: timestamp,
    progress: z.discriminatedUnion("is", [
      z.strictObject({ is: z.literal("onTime"), deadline: timestamp.optional(), retries: z.int().min(0) }),
      z.strictObject({ is: z.literal("stuck"), since: timestamp, retries: z.int().min(0) }),
      /** No more retries until the machine's `retryId` is greater than the one given here. */
      z.strictObject({
        is: z.literal("gaveUp"),
        at: timestamp,
        step: z.enum(stages),
        why: z.string(),
        retryId: z.int().min(0),
      }),
    ]),
    /** Other machines that claim to be this one. Shown, never merged. */
    conflicts: z.array(z.strictObject({ claim: machineIdentity, seen: timestamp, why: z.string() })),
  }),
});
