import type { Codec } from "./codec.ts";
import type { Reader } from "./reader.ts";

/** Every byte as two hexadecimal digits, and as a decimal number: cheaper than formatting it. */
export const hexByte: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);
const decimalByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => String(byte));

const macForm = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** `52:54:00:12:34:56`, read in lower case. */
export const mac: Codec<string> = {
  decode(r) {
    const at = r.take(6);
    const { bytes: b } = r;
    return `${hexByte[b[at]!]}:${hexByte[b[at + 1]!]}:${hexByte[b[at + 2]!]}:${hexByte[b[at + 3]!]}:${hexByte[b[at + 4]!]}:${hexByte[b[at + 5]!]}`;
  },
  encode(w, value) {
    if (!macForm.test(value)) throw w.error(`"${value}" is not a MAC address`);
    const at = w.take(6);
    for (let index = 0; index < 6; index++) {
      w.bytes[at + index] = Number.parseInt(value.slice(index * 3, index * 3 + 2), 16);
    }
  },
};

/** `192.0.2.1`. */
export const ipv4: Codec<string> = {
  decode(r) {
    const at = r.take(4);
    const { bytes: b } = r;
    return `${decimalByte[b[at]!]}.${decimalByte[b[at + 1]!]}.${decimalByte[b[at + 2]!]}.${decimalByte[b[at + 3]!]}`;
  },
  encode(w, value) {
    const parts = parseIpv4(value);
    if (!parts) throw w.error(`"${value}" is not an IPv4 address`);
    w.bytes.set(parts, w.take(4));
  },
};

const ipv4Form = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** Undefined unless dotted decimal with four parts; no leading zeros, which some readers take for octal. */
function parseIpv4(value: string): number[] | undefined {
  const parts = ipv4Form.exec(value)?.slice(1).map(Number);
  return parts?.every((part) => part <= 255) ? parts : undefined;
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
  const before = parseGroups(head!);
  if (tail === undefined) return before?.length === 8 ? before : undefined;
  const after = parseGroups(tail);
  if (!before || !after || before.length + after.length > 7) return undefined;
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** Groups between colons; the last may be an IPv4 address (RFC 4291 §2.2). */
function parseGroups(part: string): number[] | undefined {
  if (part === "") return [];
  const groups: number[] = [];
  const pieces = part.split(":");
  for (const [index, piece] of pieces.entries()) {
    const embedded = index === pieces.length - 1 ? parseIpv4(piece) : undefined;
    if (embedded) groups.push((embedded[0]! << 8) | embedded[1]!, (embedded[2]! << 8) | embedded[3]!);
    else if (/^[0-9a-f]{1,4}$/i.test(piece)) groups.push(Number.parseInt(piece, 16));
    else return undefined;
  }
  return groups;
}
