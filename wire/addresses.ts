import type { Codec } from "./codec.ts";
import { hexByte, parseHexByte } from "./hex.ts";
import { u32 } from "./integers.ts";
import type { Reader } from "./reader.ts";

const decimal: readonly string[] = Array.from({ length: 256 }, (_, byte) => String(byte));
const decimalDot: readonly string[] = decimal.map((digits) => `${digits}.`);

/** `52:54:00:12:34:56`, read in lower case. */
export const mac: Codec<string> = {
  decode(r) {
    const at = r.take(6);
    const { bytes: b } = r;
    return `${hexByte[b[at]!]}:${hexByte[b[at + 1]!]}:${hexByte[b[at + 2]!]}:${hexByte[b[at + 3]!]}:${hexByte[b[at + 4]!]}:${hexByte[b[at + 5]!]}`;
  },
  encode(w, value) {
    const at = w.take(6);
    let valid = value.length === 17;
    for (let index = 0; index < 6; index++) {
      const byte = parseHexByte(value, index * 3);
      if (byte < 0 || (index > 0 && value.charCodeAt(index * 3 - 1) !== colon)) valid = false;
      w.bytes[at + index] = byte;
    }
    if (!valid) throw w.error(`"${value}" is not a MAC address`, at);
  },
};

/** `192.0.2.1`. */
export const ipv4: Codec<string> = {
  decode(r) {
    const at = r.take(4);
    const { bytes: b } = r;
    // Most addresses in a DHCP packet are absent.
    if ((b[at]! | b[at + 1]! | b[at + 2]! | b[at + 3]!) === 0) return "0.0.0.0";
    return decimalDot[b[at]!]! + decimalDot[b[at + 1]!]! + decimalDot[b[at + 2]!]! + decimal[b[at + 3]!]!;
  },
  encode(w, value) {
    const address = parseIpv4(value);
    if (address < 0) throw w.error(`"${value}" is not an IPv4 address`);
    u32.encode(w, address);
  },
};

const [zero, nine, dot, colon] = [0x30, 0x39, 0x2e, 0x3a];

/** As a number; -1 unless four decimals with dots. No leading zeros, which some readers take for octal. */
function parseIpv4(value: string): number {
  let address = 0;
  let part = -1;
  let dots = 0;
  for (let index = 0; index < value.length; index++) {
    const character = value.charCodeAt(index);
    if (character === dot && part >= 0) {
      address = address * 256 + part;
      part = -1;
      dots++;
    } else if (character < zero || character > nine || part === 0) {
      return -1;
    } else {
      part = Math.max(part, 0) * 10 + character - zero;
      if (part > 255) return -1;
    }
  }
  return dots === 3 && part >= 0 ? address * 256 + part : -1;
}

/** `2001:db8::1`, read in the canonical form of RFC 5952. */
export const ipv6: Codec<string> = {
  decode(r) {
    return formatIpv6(groupsOf(r, r.take(16)));
  },
  encode(w, value) {
    const groups = parseIpv6(value);
    if (!groups) throw w.error(`"${value}" is not an IPv6 address`);
    const at = w.take(16);
    for (const [index, group] of groups.entries()) {
      w.bytes[at + index * 2] = group >> 8;
      w.bytes[at + index * 2 + 1] = group;
    }
  },
};

const groupsOf = (r: Reader, at: number) =>
  Array.from({ length: 8 }, (_, index) => (r.bytes[at + index * 2]! << 8) | r.bytes[at + index * 2 + 1]!);

/** RFC 5952 §4: lower case, no leading zeros, `::` for the longest run of two or more zeros, the first if equal. */
function formatIpv6(groups: readonly number[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return joinGroups(groups);
  return `${joinGroups(groups.slice(0, best.start))}::${joinGroups(groups.slice(best.start + best.length))}`;
}

const joinGroups = (groups: readonly number[]) => groups.map((group) => group.toString(16)).join(":");

function parseIpv6(value: string): number[] | undefined {
  const [head, tail, ...more] = value.split("::");
  if (more.length > 0) return undefined;
  if (tail === undefined) {
    const groups = parseLastGroups(head!);
    return groups?.length === 8 ? groups : undefined;
  }
  const before = parseGroups(head!);
  const after = parseLastGroups(tail);
  if (!before || !after || before.length + after.length > 7) return undefined;
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** RFC 4291 §2.2: the last two groups may be written as an IPv4 address. */
function parseLastGroups(part: string): number[] | undefined {
  const lastColon = part.lastIndexOf(":");
  if (lastColon === 0) return undefined;
  const address = parseIpv4(part.slice(lastColon + 1));
  if (address < 0) return parseGroups(part);
  const before = parseGroups(part.slice(0, Math.max(lastColon, 0)));
  return before && [...before, address >>> 16, address & 0xffff];
}

function parseGroups(part: string): number[] | undefined {
  if (part === "") return [];
  const groups = part.split(":");
  return groups.every((group) => groupForm.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined;
}

const groupForm = /^[0-9a-f]{1,4}$/i;
