import { timeSyncConfig } from "../documents/time-sync-config.ts";
import type { MachineConfig } from "../machine-config.ts";
import { durationMs } from "../schema/duration.ts";

export interface TimeSettings {
  readonly enabled: boolean;
  /** None means that DHCP, or else the platform's default, decides. */
  readonly servers: readonly string[];
  /** Devices of the Precision Time Protocol; they stand in for servers. */
  readonly ptpDevices: readonly string[];
  /** How long the boot waits for the right time; 0 waits for ever. */
  readonly bootTimeoutMs: number;
}

/** Where the time comes from. */
export function timeSettings(config: MachineConfig): TimeSettings {
  const document = config.get(timeSyncConfig);
  const { disabled = false, servers = [], bootTimeout = "0" } = config.v1alpha1?.machine?.time ?? {};
  return {
    enabled: document?.enabled ?? !disabled,
    servers: [...(document?.ntp?.servers ?? []), ...servers],
    ptpDevices: document?.ptp?.devices ?? [],
    bootTimeoutMs: durationMs(document?.bootTimeout ?? bootTimeout),
  };
}
