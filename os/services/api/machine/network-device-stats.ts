import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type KernelFiles, type MachineHandlers, one } from "./handler.ts";

/** The columns of /proc/net/dev, in their order. */
const fields = [
  "rxBytes",
  "rxPackets",
  "rxErrors",
  "rxDropped",
  "rxFifo",
  "rxFrame",
  "rxCompressed",
  "rxMulticast",
  "txBytes",
  "txPackets",
  "txErrors",
  "txDropped",
  "txFifo",
  "txCollisions",
  "txCarrier",
  "txCompressed",
] as const;
type Counters = Record<(typeof fields)[number], bigint>;

export function parseNetDev(text: string) {
  const devices = [...text.matchAll(/^\s*(\S+):\s*([\d ]+)$/gm)].map(([, name = "", numbers = ""]) => {
    const counters = numbers.trim().split(/\s+/);
    const values = fields.map((field, at) => [field, BigInt(counters[at] ?? 0)] as const);
    return { name, ...(Object.fromEntries(values) as Counters) };
  });
  const sum = (field: keyof Counters) => devices.reduce((total, device) => total + device[field], 0n);
  const totals = fields.map((field) => [field, sum(field)] as const);
  return { total: { name: "", ...(Object.fromEntries(totals) as Counters) }, devices };
}

export const networkDeviceStats = ({
  proc,
}: Pick<KernelFiles, "proc">): MachineHandlers<"networkDeviceStats"> => ({
  networkDeviceStats: async () => one(parseNetDev(await readFile(join(proc, "net/dev"), "utf8"))),
});
