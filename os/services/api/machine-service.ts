import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import { type ServedService, serve } from "../../../api/grpc/serve.ts";
import { type ApplyConfigurationDependencies, applyConfiguration } from "./machine/apply-configuration.ts";
import { type ClientConfigurationDependencies, clientConfiguration } from "./machine/client-configuration.ts";
import { copy } from "./machine/copy.ts";
import { cpu } from "./machine/cpu.ts";
import { diskStats } from "./machine/disk-stats.ts";
import { diskUsage } from "./machine/disk-usage.ts";
import { dmesg, type ReadKernelLog } from "./machine/dmesg.ts";
import { events } from "./machine/events.ts";
import type { KernelFiles } from "./machine/handler.ts";
import { hostname } from "./machine/hostname.ts";
import { type LifecycleDependencies, lifecycle } from "./machine/lifecycle.ts";
import { list } from "./machine/list.ts";
import { loadAverage } from "./machine/load-average.ts";
import { logs } from "./machine/logs.ts";
import { memory } from "./machine/memory.ts";
import { meta } from "./machine/meta.ts";
import { mounts } from "./machine/mounts.ts";
import { netstat } from "./machine/netstat.ts";
import { networkDeviceStats } from "./machine/network-device-stats.ts";
import { processes } from "./machine/processes.ts";
import { read } from "./machine/read.ts";
import { services } from "./machine/services.ts";
import { systemStat } from "./machine/system-stat.ts";
import { type VersionDependencies, version } from "./machine/version.ts";

/** What the machine API needs of the machine. */
export type MachineDependencies = KernelFiles &
  VersionDependencies &
  ApplyConfigurationDependencies &
  ClientConfigurationDependencies &
  LifecycleDependencies &
  Parameters<typeof hostname>[0] &
  Parameters<typeof events>[0] &
  Parameters<typeof logs>[0] &
  Parameters<typeof services>[0] &
  Parameters<typeof meta>[0] & { readonly readKernelLog: ReadKernelLog };

/** `machine.MachineService`. What is not here answers that it is not served. */
export const machineService = (machine: MachineDependencies): ServedService =>
  serve(MachineService, {
    ...applyConfiguration(machine),
    ...clientConfiguration(machine),
    ...copy,
    ...cpu(machine),
    ...diskStats(machine),
    ...diskUsage,
    ...dmesg(machine),
    ...events(machine),
    ...hostname(machine),
    ...lifecycle(machine),
    ...list,
    ...loadAverage(machine),
    ...logs(machine),
    ...memory(machine),
    ...meta(machine),
    ...mounts(machine),
    ...netstat(machine),
    ...networkDeviceStats(machine),
    ...processes(machine),
    ...read,
    ...services(machine),
    ...systemStat(machine),
    ...version(machine),
  });
