import * as z from "zod";
import { runtime } from "../declare.ts";

const columns = { Device: "{.device}", Timeout: "{.timeout}" };

/** The watchdog that the config names. Durations are as Go writes them. Id: `timer`. */
export const WatchdogTimerConfig = runtime(
  "WatchdogTimerConfigs",
  z.strictObject({ device: z.string(), timeout: z.string() }),
  { columns },
);

/** Under what timeout it came to be, and how often it is petted. Id: `timer`. */
export const WatchdogTimerStatus = runtime(
  "WatchdogTimerStatuses",
  z.strictObject({ device: z.string(), timeout: z.string(), feedInterval: z.string() }),
  { columns },
);
