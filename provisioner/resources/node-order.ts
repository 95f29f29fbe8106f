import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

/**
 * What a node is told to do with itself, over its API, and what came of it. Id: the machine's; one at a time, and leaving
 * goes before staying.
 */
export const NodeOrder = declare("NodeOrders", {
  aliases: ["nodeorder", "nodeorders"],
  columns: { what: "{.what}", state: "{.state}", why: "{.why}" },
  spec: z.discriminatedUnion("what", [
    /** It erases its disk and restarts, to be wiped under that number. */
    z.strictObject({
      what: z.literal("reset"),
      wipeId: z.int().min(1),
      /** told: it said that it would. over: it did not come of it, or it is not to be waited for any more. */
      state: z.enum(["told", "over"]),
      at: timestamp,
      why: z.string(),
    }),
    z.strictObject({
      what: z.literal("upgrade"),
      /** As the machine asks for it. */
      upgradeId: z.int().min(1),
      image: z.string(),
      state: z.enum(["waiting", "writing", "restarting", "done", "failed"]),
      at: timestamp,
      /** Of the boot that wrote it. */
      bootId: z.string().optional(),
      why: z.string(),
    }),
  ]),
});
