// The Network Time Protocol's packet (RFC 5905 §7.3), as its simple clients use it.
import type { Codec, ValueOf } from "../../../wire/codec.ts";
import { i8, u8, u32, u64 } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";

const head: Codec<{ readonly leap: number; readonly version: number; readonly mode: number }> = {
  decode(r) {
    const byte = u8.decode(r);
    return { leap: byte >> 6, version: (byte >> 3) & 7, mode: byte & 7 };
  },
  encode: (w, { leap, version, mode }) => u8.encode(w, (leap << 6) | (version << 3) | mode),
};

/** Seconds and their fractions, 16 bits of each, as milliseconds. */
const shortMs: Codec<number> = {
  decode: (r) => (u32.decode(r) * 1000) / 0x10000,
  encode: (w, ms) => u32.encode(w, Math.round((ms * 0x10000) / 1000)),
};

export const ntpPacket = struct({
  head,
  /** How far from a reference clock: 1 is beside it; 0 in a reply is a refusal. */
  stratum: u8,
  poll: i8,
  precision: i8,
  rootDelayMs: shortMs,
  rootDispersionMs: shortMs,
  /** In a refusal: four letters that say why. */
  reference: u32,
  referenceTime: u64,
  originate: u64,
  receive: u64,
  transmit: u64,
});
export type NtpPacket = ValueOf<typeof ntpPacket>;

export const modes = { client: 3, server: 4 } as const;
/** The leap indicator of a server that does not know the time. */
export const unsynchronized = 3;

const secondsTo1970 = 2_208_988_800n;
const era = 0x1_0000_0000n;

/** Milliseconds since 1970. RFC 4330 §3: without its highest bit a timestamp counts from 2036. */
export function timestampToMs(timestamp: bigint): number {
  const seconds = timestamp >> 32n;
  const full = (seconds & 0x8000_0000n) === 0n ? seconds + era : seconds;
  return Number(full - secondsTo1970) * 1000 + (Number(timestamp & 0xffff_ffffn) * 1000) / 0x1_0000_0000;
}

export function msToTimestamp(ms: number): bigint {
  const seconds = Math.floor(ms / 1000);
  const fraction = BigInt(Math.floor(((ms - seconds * 1000) / 1000) * 0x1_0000_0000));
  return ((BigInt(seconds) + secondsTo1970) % era) * era + fraction;
}
