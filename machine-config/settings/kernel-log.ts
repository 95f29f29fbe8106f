import { kmsgLogConfig } from "../documents/kmsg-log-config.ts";
import type { MachineConfig } from "../machine-config.ts";

/** Servers that are sent the kernel's messages: `tcp://` or `udp://`. */
export const kernelLogDestinations = (config: MachineConfig): readonly string[] =>
  config.all(kmsgLogConfig).flatMap(({ url }) => (url ? [url] : []));
