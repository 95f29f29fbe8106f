import * as z from "zod";
import { config } from "../declare.ts";

/** Ids: `v1alpha1` (the configuration that the node follows), `persistent` (the one that the next boot finds). */
export const MachineConfig = config(
  "MachineConfigs",
  z.strictObject({
    /** As it was written. */
    yaml: z.string(),
    /** Where it was found. */
    from: z.string(),
  }),
  { aliases: ["mc"], sensitive: true },
);

/** What the node is to its cluster. Id: `machine-type`. */
export const MachineType = config("MachineTypes", z.string(), { columns: { Type: "{}" } });
