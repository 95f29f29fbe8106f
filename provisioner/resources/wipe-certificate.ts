import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";
import { wipeMethods } from "./wipe-methods.ts";

/**
 * That a disk was erased, how, and how that was proved. Id: `machine.wipeId.disk`; labels: the machine and the disk's
 * serial. Written once, kept when the machine is gone.
 */
export const WipeCertificate = declare("WipeCertificates", {
  aliases: ["certificate", "certificates", "wipecertificate", "wipecertificates"],
  columns: { machine: "{.machine}", serial: "{.serial}", method: "{.method}", at: "{.endedAt}" },
  spec: z.strictObject({
    machine: z.string(),
    wipeId: z.int().min(1),
    disk: z.string(),
    model: z.string(),
    serial: z.string(),
    wwid: z.string(),
    sizeBytes: z.int().min(0),
    method: z.enum(wipeMethods),
    startedAt: timestamp,
    endedAt: timestamp,
    /** What was built on it and taken apart first: `md127 (raid1)`. */
    takenApart: z.array(z.string()),
    /** Blocks read back at random places: all of them were as the method leaves them. */
    verifiedSamples: z.int().min(0),
    agentVersion: z.string(),
  }),
});
