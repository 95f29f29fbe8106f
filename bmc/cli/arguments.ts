// Words of the command line and what they mean; each refuses what it does not know as a mistake in usage.
import { isIP } from "node:net";
import { InvalidArgumentError } from "commander";
import type { WantedNetwork } from "../bmc.ts";

export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0)) throw new InvalidArgumentError("Not a number of seconds.");
  return value;
}

export const ledWish = (text: string): number | "on" | "off" => {
  if (text === "on" || text === "off") return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Say on, off or seconds.");
};

/** `dhcp`, or an address with the length of its prefix. */
export function networkWish(text: string): WantedNetwork {
  if (text === "dhcp") return { source: "dhcp" };
  const [, address = "", length] = /^([\d.]+)\/(\d+)$/.exec(text) ?? [];
  const bits = Number(length);
  if (isIP(address) !== 4 || !(bits >= 1 && bits <= 32))
    throw new InvalidArgumentError("Say dhcp, or an IPv4 address with its prefix, such as 10.0.0.5/24.");
  const mask = (0xffff_ffff << (32 - bits)) >>> 0;
  return {
    source: "static",
    address,
    netmask: [24, 16, 8, 0].map((shift) => (mask >> shift) & 0xff).join("."),
  };
}

export function ipv4(text: string): string {
  if (isIP(text) !== 4) throw new InvalidArgumentError("Not an IPv4 address.");
  return text;
}
