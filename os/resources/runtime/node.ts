// What the node is, and what it is at.
import * as z from "zod";
import { ingotRuntime, runtime, v1alpha1 } from "../declare.ts";

const stage = z.enum([
  "booting",
  "installing",
  "maintenance",
  "running",
  "rebooting",
  "shutting down",
  "resetting",
  "upgrading",
]);

/** What PID 1 is at. Id: `machine`. */
export const MachineStage = ingotRuntime("MachineStages", z.strictObject({ stage }));

/** What PID 1 is at, and what is missing of what it should be. Id: `machine`. */
export const MachineStatus = runtime(
  "MachineStatuses",
  z.strictObject({
    stage,
    status: z.strictObject({
      ready: z.boolean(),
      unmetConditions: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
    }),
  }),
  { columns: { Stage: "{.stage}", Ready: "{.status.ready}" } },
);

/** Changes with each boot. Id: `boot-id`. */
export const BootId = runtime("BootIDs", z.strictObject({ bootID: z.string() }), {
  columns: { "Boot ID": "{.bootID}" },
});

/** Id: `version`. */
export const Version = runtime("Versions", z.strictObject({ name: z.string(), version: z.string() }), {
  columns: { Version: "{.version}" },
});

/** A service that is up. Id: its name. */
export const Service = v1alpha1(
  "Services",
  z.strictObject({ running: z.boolean(), healthy: z.boolean(), unknown: z.boolean() }),
  {
    aliases: ["svc"],
    columns: { Running: "{.running}", Healthy: "{.healthy}", "Health Unknown": "{.unknown}" },
  },
);
