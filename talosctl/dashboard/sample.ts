import { MachineService } from "../../api/gen/machine/machine_pb.js";
import type { CPUStat } from "../../api/gen/machine/statistics_pb.js";
import type { Connection } from "../connection.ts";

/** What a node said of itself at one moment. Sizes in bytes; counters count from its boot. */
export interface Sample {
  readonly atMs: number;
  readonly hostname: string;
  readonly version: string;
  readonly bootedAtMs: number;
  readonly cpus: number;
  /** Seconds of all processors together. */
  readonly cpu: { readonly busy: number; readonly total: number };
  readonly load: readonly [number, number, number];
  readonly memory: { readonly total: number; readonly used: number };
  readonly links: readonly Counters[];
  readonly disks: readonly Counters[];
  readonly services: readonly { readonly id: string; readonly state: string; readonly isWell: boolean }[];
}

/** In and out, or read and written. */
export interface Counters {
  readonly name: string;
  readonly in: number;
  readonly out: number;
}

const sectorBytes = 512;

/** Asks one node for all of it, side by side. Rejects when it does not answer. */
export async function takeSample(connection: Connection, node: string, now: () => Date): Promise<Sample> {
  const calls = connection.calls(MachineService);
  const way = connection.at(node);
  const [hostname, version, stat, load, memory, network, disk, services] = await Promise.all([
    calls.hostname({}, way),
    calls.version({}, way),
    calls.systemStat({}, way),
    calls.loadAvg({}, way),
    calls.memory({}, way),
    calls.networkDeviceStats({}, way),
    calls.diskStats({}, way),
    calls.serviceList({}, way),
  ]);
  const info = memory.messages[0]?.meminfo;
  const kernel = stat.messages[0];
  const { load1 = 0, load5 = 0, load15 = 0 } = load.messages[0] ?? {};
  return {
    atMs: now().getTime(),
    hostname: hostname.messages[0]?.hostname ?? "",
    version: version.messages[0]?.version?.tag ?? "",
    bootedAtMs: Number(kernel?.bootTime ?? 0) * 1000,
    cpus: kernel?.cpu.length ?? 0,
    cpu: timesOf(kernel?.cpuTotal),
    load: [load1, load5, load15],
    memory: {
      total: Number(info?.memtotal ?? 0) * 1024,
      used: info ? Number(info.memtotal - info.memavailable) * 1024 : 0,
    },
    links: (network.messages[0]?.devices ?? [])
      .filter(({ name }) => name !== "lo")
      .map(({ name, rxBytes, txBytes }) => ({ name, in: Number(rxBytes), out: Number(txBytes) })),
    disks: (disk.messages[0]?.devices ?? [])
      .filter(({ name }) => !/^(loop|ram|sr|zram)\d|\dp\d+$|^[shv]d[a-z]+\d/.test(name))
      .map(({ name, readSectors, writeSectors }) => ({
        name,
        in: Number(readSectors) * sectorBytes,
        out: Number(writeSectors) * sectorBytes,
      })),
    services: (services.messages[0]?.services ?? []).map(({ id, state, health }) => ({
      ...{ id, state },
      isWell: state === "Running" && (health?.unknown || health?.healthy) === true,
    })),
  };
}

/** What a guest used is in its host's user time already. */
function timesOf(times: CPUStat | undefined): Sample["cpu"] {
  if (!times) return { busy: 0, total: 0 };
  const { user, nice, system, idle, iowait, irq, softIrq, steal } = times;
  const busy = user + nice + system + irq + softIrq + steal;
  return { busy, total: busy + idle + iowait };
}
