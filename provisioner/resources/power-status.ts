import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

const read = { since: timestamp, readAt: timestamp };
/** The last command. Recorded before the BMC is told: after a crash in between, it is told again. */
const order = z.strictObject({
  power: z.enum(["on", "off", "cycle"]),
  at: timestamp,
  tries: z.int().min(1),
  why: z.string(),
  /** Unset until the BMC acknowledged it, which proves nothing. */
  toldAt: timestamp.optional(),
});
/** What had been seen of the machine when its BMC was told something last: that tells nothing of what runs since. */
const told = z.strictObject({
  power: order.shape.power,
  at: timestamp,
  agent: z.string().optional(),
  system: timestamp.optional(),
  boot: z.string().optional(),
});
const commands = { order: order.optional(), told: told.optional() };

/** What a machine's BMC says of its power, read back after every command. Id: the machine's. */
export const PowerStatus = declare("PowerStatuses", {
  aliases: ["power", "powerstatus", "powerstatuses"],
  columns: { power: "{.power}", since: "{.since}", why: "{.why}" },
  spec: z.discriminatedUnion("power", [
    z.strictObject({ power: z.literal("on"), ...read, ...commands }),
    z.strictObject({ power: z.literal("off"), ...read, ...commands }),
    z.strictObject({
      power: z.literal("unknown"),
      since: timestamp,
      why: z.string(),
      ...commands,
    }),
  ]),
});
