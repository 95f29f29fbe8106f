// A layout of every combinator, fed with mutated input: each run ends in a value that survives being written and read
// again, or in a WireError.
import { isDeepStrictEqual } from "node:util";
import type { FuzzModule } from "../workshop/fuzz.ts";
import { mutated } from "../workshop/mutate.ts";
import { ipv4, ipv6, mac } from "./addresses.ts";
import { bits } from "./bits.ts";
import { bytes, padding, rest } from "./bytes.ts";
import { type Codec, decode, encode, type ValueOf } from "./codec.ts";
import { literal, magic, present } from "./constants.ts";
import { WireError } from "./error.ts";
import { bool8, i8, i16le, i32, u8, u16, u16le, u24, u32, u64, u64le } from "./integers.ts";
import { array, counted, list } from "./lists.ts";
import { oneOf, oneOfOrNumber } from "./one-of.ts";
import { optional } from "./optional.ts";
import { prefixed, sized } from "./prefixed.ts";
import { mapped, refine } from "./refine.ts";
import { struct } from "./struct.ts";
import { cstring, restText, text } from "./text.ts";
import { tlv } from "./tlv.ts";
import { uuid, uuidMixed } from "./uuid.ts";

const specimen = struct({
  magic: magic("IG"),
  version: literal(u8, 1),
  flags: bits({ up: 1, kind: 7, speed: 24 }),
  kind: oneOf(u8, { card: 1, port: 2 }),
  vendor: oneOfOrNumber(u16, { ours: 7 }),
  numbers: prefixed(u8, struct({ a: i8, b: i16le, c: i32, d: u24, e: u64, f: u64le, g: bool8 })),
  gap: padding(3),
  name: text(8),
  model: cstring,
  address: mac,
  ids: array(1, struct({ rfc: uuid, smbios: uuidMixed })),
  even: refine(u8, (value) => (value % 2 === 0 ? undefined : "is odd")),
  negated: mapped(u8, { decode: (value) => 0 - value, encode: (value) => 0 - value }),
  pair: sized(4, list(u16)),
  options: prefixed(
    u16le,
    tlv({
      mask: [1, ipv4],
      routers: [3, list(ipv4)],
      host: [12, restText],
      rapid: [80, present],
      v6: [23, ipv6],
    }),
  ),
  ports: counted(u8, prefixed(u8, struct({ id: bytes(2), label: restText }))),
  serial: optional(u32),
  rest,
});

const value: ValueOf<typeof specimen> = {
  flags: { up: 1, kind: 3, speed: 10_000 },
  kind: "port",
  vendor: 99,
  numbers: { a: -1, b: -300, c: -70_000, d: 70_000, e: 2n ** 40n, f: 2n ** 50n, g: true },
  name: "eth0",
  model: "virtio",
  address: "52:54:00:12:34:56",
  ids: [{ rfc: "00112233-4455-6677-8899-aabbccddeeff", smbios: "00112233-4455-6677-8899-aabbccddeeff" }],
  even: 4,
  negated: -3,
  pair: [1, 2],
  options: {
    mask: "255.255.255.0",
    routers: ["192.0.2.1", "192.0.2.2"],
    host: "node-1",
    rapid: true,
    v6: "2001:db8::1",
    unknown: [{ code: 43, value: Uint8Array.of(6, 1, 8, 255) }],
  },
  ports: [
    { id: Uint8Array.of(0, 1), label: "left" },
    { id: Uint8Array.of(0, 2), label: "right" },
  ],
  serial: 7,
  rest: Uint8Array.of(1, 2, 3),
};

export const fuzz: FuzzModule["fuzz"] = ({ runs, seed, log }) => {
  const codec: Codec<unknown> = specimen;
  const original = encode(codec, value);
  let read = 0;
  for (const input of mutated([original], { runs, seed })) {
    const found = decodeOrRefuse(codec, input);
    if (found === undefined) continue;
    read++;
    if (!isDeepStrictEqual(decode(codec, encode(codec, found)), found)) {
      throw new Error(`changed by being written and read: ${input.toHex()}`);
    }
  }
  log(`${read} of ${runs} inputs could be read`);
};

function decodeOrRefuse(codec: Codec<unknown>, input: Uint8Array): unknown {
  try {
    return decode(codec, input);
  } catch (error) {
    if (error instanceof WireError && error.offset <= input.length) return undefined;
    throw new Error(`did not end in a WireError inside its input: ${input.toHex()}`, { cause: error });
  }
}
