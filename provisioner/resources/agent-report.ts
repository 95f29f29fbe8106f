import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";
import { wipeMethods } from "./wipe-methods.ts";

const bytes = z.int().min(0);

const wipe = z.strictObject({
  of: z.literal("wipe"),
  disks: z.array(
    z.strictObject({
      disk: z.string(),
      model: z.string(),
      serial: z.string(),
      wwid: z.string(),
      sizeBytes: bytes,
      /** None where the disk failed before one was chosen. */
      method: z.enum(wipeMethods).optional(),
      startedAt: timestamp,
      endedAt: timestamp,
      takenApart: z.array(z.string()),
      samples: bytes,
      mismatches: bytes,
      failure: z.string().optional(),
    }),
  ),
});

const test = z.strictObject({
  of: z.literal("test"),
  findings: z.array(z.strictObject({ name: z.string(), value: z.string(), bad: z.boolean() })),
});

const bmcAccount = z.strictObject({
  of: z.literal("bmcAccount"),
  addresses: z.array(z.string()),
  mac: z.string(),
  lanChannel: bytes,
  userId: bytes,
  manufacturer: z.string(),
  firmwareVersion: z.string(),
});

/** What a failed, refused or cancelled order did all the same: one bad disk does not stop the others. */
const partly = z.discriminatedUnion("of", [wipe, test]).optional();

/**
 * How far an order is, or what came of it, as its machine told. Id: the order's. Only the agent's service writes it; it
 * goes when its order does.
 */
export const AgentReport = declare("AgentReports", {
  aliases: ["report", "reports", "agentreport", "agentreports"],
  columns: { machine: "{.machine}", state: "{.outcome.state}", at: "{.at}", why: "{.outcome.why}" },
  spec: z.strictObject({
    machine: z.string(),
    /** Counts up: of two the greater is the newer. */
    number: z.int().min(0),
    at: timestamp,
    outcome: z.discriminatedUnion("state", [
      z.strictObject({
        state: z.literal("running"),
        doing: z.string(),
        progress: z
          .discriminatedUnion("of", [
            z.strictObject({
              of: z.literal("wipe"),
              disks: z.array(
                z.strictObject({
                  disk: z.string(),
                  step: z.enum(["waiting", "takingApart", "erasing", "verifying", "done", "failed"]),
                  doneBytes: bytes,
                  totalBytes: bytes,
                }),
              ),
            }),
            z.strictObject({ of: z.literal("test"), done: bytes, total: bytes }),
          ])
          .optional(),
      }),
      z.strictObject({
        state: z.literal("succeeded"),
        result: z.discriminatedUnion("of", [wipe, test, bmcAccount]).optional(),
      }),
      z.strictObject({ state: z.literal("failed"), why: z.string(), result: partly }),
      /** Never begun. */
      z.strictObject({ state: z.literal("refused"), why: z.string(), result: partly }),
      /** Begun, and stopped where that was safe. */
      z.strictObject({ state: z.literal("cancelled"), why: z.string(), result: partly }),
      /** Its boot ended before it told: nobody knows how far it came. */
      z.strictObject({ state: z.literal("lost"), why: z.string() }),
    ]),
  }),
});
