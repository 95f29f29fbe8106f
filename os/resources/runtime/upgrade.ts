import * as z from "zod";
import { ingotRuntime } from "../declare.ts";

/** What became of the last upgrade. Id: `upgrade`. Not there while nothing is to be told of any. */
export const Upgrade = ingotRuntime(
  "Upgrades",
  z.strictObject({
    /** trial: it has booted and has to prove itself. failed: it was given up, and the slot before it runs. */
    phase: z.enum(["trial", "done", "failed"]),
    slot: z.enum(["a", "b"]),
    image: z.string(),
    /** Why it was given up; empty otherwise. */
    reason: z.string(),
  }),
  { columns: { Phase: "{.phase}", Slot: "{.slot}", Image: "{.image}", Reason: "{.reason}" } },
);
