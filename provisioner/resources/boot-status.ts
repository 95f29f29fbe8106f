import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

const kernelBootId = z.string();

/**
 * How far a machine's boot got, by what it showed: a script that was served is no proof that anything started.
 * Id: the machine's.
 */
export const BootStatus = declare("BootStatuses", {
  aliases: ["boot", "bootstatus", "bootstatuses"],
  columns: { state: "{.state}", since: "{.since}", plan: "{.plan}", why: "{.why}" },
  spec: z.discriminatedUnion("state", [
    /** On its way through firmware and loader. */
    z.strictObject({
      state: z.literal("booting"),
      bootId: z.string(),
      step: z.enum([
        "asked",
        "offered",
        "leased",
        "downloading",
        "downloaded",
        "scripted",
        "failed",
        "turnedAway",
        "unheard",
      ]),
      plan: z.enum(["agent", "install", "disk", "hold", "alone"]),
      why: z.string(),
      since: timestamp,
      at: timestamp,
    }),
    /** The agent is attached. */
    z.strictObject({
      state: z.literal("agent"),
      kernelBootId,
      version: z.string(),
      since: timestamp,
      heardAt: timestamp,
    }),
    /** The agent was attached and is silent now. */
    z.strictObject({ state: z.literal("agentLost"), kernelBootId, since: timestamp, why: z.string() }),
  ]),
});
