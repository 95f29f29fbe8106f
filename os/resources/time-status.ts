import * as z from "zod";
import { v1alpha1 } from "./declare.ts";

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
