// Which machine has an address on our own segments: the kernel's ARP table. In proxy mode another server gave the
// address, so this is how a TFTP or HTTP request is known to be this boot's.
import { readFile } from "node:fs/promises";

/** IP address, HW type, Flags, HW address, Mask, Device. */
const row = /^(\S+)\s+0x\S+\s+0x\S+\s+([0-9a-f]{2}(?::[0-9a-f]{2}){5})\s/;

export async function macOfNeighbour(address: string, table = "/proc/net/arp"): Promise<string | undefined> {
  const lines = (await readFile(table, "utf8")).split("\n");
  const mac = lines.map((line) => row.exec(line)).find((match) => match?.[1] === address)?.[2];
  // The kernel still asks for it, or nobody answered.
  return mac === "00:00:00:00:00:00" ? undefined : mac;
}
