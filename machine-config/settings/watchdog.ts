import { watchdogTimerConfig } from "../documents/watchdog-timer-config.ts";
import type { MachineConfig } from "../machine-config.ts";
import { durationMs } from "../schema/duration.ts";

/** The watchdog that the machine shall be guarded by, and after how long it bites; undefined when nothing is said. */
export function watchdogSettings(
  config: MachineConfig,
): { readonly device: string; readonly timeoutMs: number } | undefined {
  const document = config.get(watchdogTimerConfig);
  if (!document) return undefined;
  const { device = "", timeout = "0" } = document;
  return { device, timeoutMs: durationMs(timeout) || 60_000 };
}
