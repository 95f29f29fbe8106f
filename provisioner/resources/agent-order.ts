import { z } from "zod";
import { secret } from "../../cosi/secret.ts";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";
import { wipeMethods } from "./wipe-methods.ts";

/**
 * What is asked of a machine in agent mode. Id: the order's, unique for ever. Only controllers write it, and whichever
 * provisioner the machine is attached to carries it over: it is carried out at most once, in the boot it names.
 * Destroyed when its outcome is stored where it belongs, which lets the agent forget it too.
 */
export const AgentOrder = declare("AgentOrders", {
  aliases: ["order", "orders", "agentorder", "agentorders"],
  columns: { machine: "{.machine}", what: "{.what.is}", deadline: "{.deadline}", why: "{.why}" },
  sensitive: true,
  spec: z.strictObject({
    machine: z.string(),
    kernelBootId: z.string(),
    /** When the agent gives up by itself, connected or not. */
    deadline: timestamp,
    why: z.string(),
    cancelled: z.boolean(),
    what: z.discriminatedUnion("is", [
      z.strictObject({
        is: z.literal("wipe"),
        wipeId: z.int().min(1),
        /** 0: all at once. */
        parallel: z.int().min(0),
        disks: z.array(
          z.strictObject({
            disk: z.string(),
            serial: z.string(),
            wwid: z.string(),
            sizeBytes: z.int().min(0),
            /** The first that the disk can do, and never a weaker one in silence. */
            methods: z.array(z.enum(wipeMethods)).min(1),
            verifySamples: z.int().min(0),
            evenIfSharedOrRemovable: z.boolean(),
          }),
        ),
      }),
      z.strictObject({
        is: z.literal("bmcAccount"),
        user: z.string(),
        password: secret(z.string()),
        privilege: z.enum(["user", "operator", "administrator"]),
        /** Reads where the BMC is, and leaves its accounts alone. */
        onlyLook: z.boolean(),
      }),
      z.strictObject({ is: z.literal("reboot"), kexec: z.boolean() }),
      z.strictObject({ is: z.literal("powerOff") }),
      z.strictObject({ is: z.literal("identify"), seconds: z.number().min(0) }),
      z.strictObject({
        is: z.literal("test"),
        test: z.discriminatedUnion("of", [
          z.strictObject({ of: z.literal("memory"), sizeBytes: z.int().min(0), passes: z.int().min(1) }),
          z.strictObject({ of: z.literal("disk"), disk: z.string(), long: z.boolean() }),
          z.strictObject({ of: z.literal("network"), peer: z.string(), seconds: z.number().min(1) }),
        ]),
      }),
    ]),
  }),
});
