import * as z from "zod";
import { ingotRuntime, v1alpha1 } from "./declare.ts";

export const timeStatusId = "node";

/** Whether the clock is right. Id: `node`. */
export const TimeStatus = v1alpha1(
  "TimeStatuses",
  z.strictObject({
    synced: z.boolean(),
    /** How often the clock was stepped. */
    epoch: z.int(),
    syncDisabled: z.boolean(),
    server: z.string(),
    /** What the clock was off by when last compared. */
    offsetMs: z.number(),
  }),
  { columns: { Synced: "{.synced}" } },
);

/** How the config has the clock looked after. Id: `node`. */
export const TimeSyncSpec = ingotRuntime(
  "TimeSyncSpecs",
  z.strictObject({
    enabled: z.boolean(),
    /** After how long the boot waits for the right time no more; 0 waits for ever. */
    bootTimeoutMs: z.number(),
  }),
);
