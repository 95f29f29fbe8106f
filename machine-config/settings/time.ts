import { timeSyncConfig } from "../documents/time-sync-config.ts";
import type { MachineConfig } from "../machine-config.ts";
import { durationMs } from "../schema/duration.ts";

export interface TimeSettings {
  readonly enabled: boolean;
  readonly servers: readonly string[];
  /** Devices of the Precision Time Protocol; they stand in for servers. */
  readonly ptpDevices: readonly string[];
  /** How long the boot waits for the right time; 0 waits for ever. */
  readonly bootTimeoutMs: number;
}

const defaultServers = ["time.cloudflare.com"];

/** Where the time comes from. */
export function timeSettings(config: MachineConfig): TimeSettings {
  const document = config.get(timeSyncConfig);
  const { disabled = false, servers = [], bootTimeout = "0" } = config.v1alpha1?.machine?.time ?? {};
  const named = [...(document?.ntp?.servers ?? []), ...servers];
  const ptpDevices = document?.ptp?.devices ?? [];
  return {
    enabled: document?.enabled ?? !disabled,
    servers: named.length > 0 || ptpDevices.length > 0 ? named : defaultServers,
    ptpDevices,
    bootTimeoutMs: durationMs(document?.bootTimeout ?? bootTimeout),
  };
}
