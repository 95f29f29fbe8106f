// Addresses as upstream's messages have them: bytes, and nothing at all for none.
import { isIP } from "node:net";
import { ipv4, ipv6 } from "../../../../wire/addresses.ts";
import { encode } from "../../../../wire/codec.ts";

interface Ip {
  readonly ip: Uint8Array;
}

interface Prefix extends Ip {
  readonly prefixLength: number;
}

/** A name is no address: what has one in the place of an address has none there. */
export function ip(text: string): Ip | undefined {
  const family = isIP(text);
  return family === 0 ? undefined : { ip: encode(family === 4 ? ipv4 : ipv6, text) };
}

/** `10.0.0.1/24`; an address alone is one of its own. */
export function prefix(text: string): Prefix | undefined {
  const [address = "", length] = text.split("/");
  const found = ip(address);
  return found && { ...found, prefixLength: length === undefined ? found.ip.length * 8 : Number(length) };
}

/** Those of a list that are addresses. */
export const all = <T>(texts: readonly string[], read: (text: string) => T | undefined): T[] =>
  texts.map(read).filter((found) => found !== undefined);

/** `52:54:00:12:34:56`, or the longer ones of InfiniBand. */
export const hardwareAddress = (text: string): Uint8Array => Buffer.from(text.replaceAll(":", ""), "hex");
