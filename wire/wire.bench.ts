// One thread reading and writing a packet of DHCP's size: the BOOTP header and ten options.
import assert from "node:assert/strict";
import type { BenchModule } from "../workshop/bench.ts";
import { ipv4, mac } from "./addresses.ts";
import { bits } from "./bits.ts";
import { padding, rest } from "./bytes.ts";
import { decode, encode, type ValueOf } from "./codec.ts";
import { literal } from "./constants.ts";
import { u8, u16, u32 } from "./integers.ts";
import { list } from "./lists.ts";
import { oneOf } from "./one-of.ts";
import { struct } from "./struct.ts";
import { restText, text } from "./text.ts";
import { tlv } from "./tlv.ts";
import { uuidMixed } from "./uuid.ts";

const packet = struct({
  op: oneOf(u8, { request: 1, reply: 2 }),
  hardwareType: u8,
  hardwareLength: u8,
  hops: u8,
  transaction: u32,
  seconds: u16,
  flags: bits({ broadcast: 1, reserved: 15 }),
  clientAddress: ipv4,
  yourAddress: ipv4,
  serverAddress: ipv4,
  relayAddress: ipv4,
  hardwareAddress: mac,
  hardwarePadding: padding(10),
  serverName: text(64),
  file: text(128),
  cookie: literal(u32, 0x63825363),
  options: tlv({
    subnetMask: [1, ipv4],
    routers: [3, list(ipv4)],
    leaseTime: [51, u32],
    messageType: [53, u8],
    server: [54, ipv4],
    requested: [55, rest],
    maximumSize: [57, u16],
    vendorClass: [60, restText],
    userClass: [77, restText],
    architectures: [93, list(u16)],
    networkInterface: [94, rest],
    machine: [97, struct({ type: literal(u8, 0), uuid: uuidMixed })],
  }),
});

const discover: ValueOf<typeof packet> = {
  op: "request",
  hardwareType: 1,
  hardwareLength: 6,
  hops: 0,
  transaction: 0xdeadbeef,
  seconds: 4,
  flags: { broadcast: 1, reserved: 0 },
  clientAddress: "0.0.0.0",
  yourAddress: "10.1.2.3",
  serverAddress: "10.1.2.1",
  relayAddress: "0.0.0.0",
  hardwareAddress: "52:54:00:12:34:56",
  serverName: "",
  file: "snponly.efi",
  options: {
    messageType: 1,
    maximumSize: 1472,
    requested: Uint8Array.from({ length: 24 }, (_, code) => code + 1),
    machine: { uuid: "564d1e5b-1d2e-4f3a-8b4c-5d6e7f8a9b0c" },
    networkInterface: Uint8Array.of(1, 3, 0),
    architectures: [7],
    vendorClass: "PXEClient:Arch:00007:UNDI:003000",
    userClass: "iPXE",
    subnetMask: "255.255.255.0",
    routers: ["10.1.2.1"],
  },
};

/** What a careful engineer would write for this one packet without a table. */
function decodeByHand(bytes: Buffer): ValueOf<typeof packet> {
  const address = (at: number) => `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
  const string = (start: number, size: number) => {
    const nul = bytes.indexOf(0, start);
    return bytes.toString("latin1", start, nul < 0 || nul > start + size ? start + size : nul);
  };
  if (bytes.length < 240 || bytes.readUInt32BE(236) !== 0x63825363) throw new Error("not DHCP");
  const options: ValueOf<typeof packet>["options"] = {};
  for (let at = 240; at < bytes.length; ) {
    const code = bytes[at]!;
    const size = bytes[at + 1]!;
    const start = at + 2;
    const end = start + size;
    if (end > bytes.length) throw new Error("option is cut short");
    if (code === 1) options.subnetMask = address(start);
    else if (code === 3) {
      const routers = [];
      for (let next = start; next < end; next += 4) routers.push(address(next));
      options.routers = routers;
    } else if (code === 51) options.leaseTime = bytes.readUInt32BE(start);
    else if (code === 53) options.messageType = bytes[start]!;
    else if (code === 54) options.server = address(start);
    else if (code === 55) options.requested = bytes.subarray(start, end);
    else if (code === 57) options.maximumSize = bytes.readUInt16BE(start);
    else if (code === 60) options.vendorClass = bytes.toString("latin1", start, end);
    else if (code === 77) options.userClass = bytes.toString("latin1", start, end);
    else if (code === 93) {
      const architectures = [];
      for (let next = start; next < end; next += 2) architectures.push(bytes.readUInt16BE(next));
      options.architectures = architectures;
    } else if (code === 94) options.networkInterface = bytes.subarray(start, end);
    else if (code === 97) {
      const hex = bytes.toString("hex", start + 1, end);
      const swap = (at: number, size: number) =>
        bytes
          .readUIntLE(at, size)
          .toString(16)
          .padStart(size * 2, "0");
      const [a, b, c] = [swap(start + 1, 4), swap(start + 5, 2), swap(start + 7, 2)];
      options.machine = { uuid: `${a}-${b}-${c}-${hex.slice(16, 20)}-${hex.slice(20)}` };
    }
    at = end;
  }
  return {
    op: bytes[0] === 1 ? "request" : "reply",
    hardwareType: bytes[1]!,
    hardwareLength: bytes[2]!,
    hops: bytes[3]!,
    transaction: bytes.readUInt32BE(4),
    seconds: bytes.readUInt16BE(8),
    flags: { broadcast: bytes[10]! >> 7, reserved: bytes.readUInt16BE(10) & 0x7fff },
    clientAddress: address(12),
    yourAddress: address(16),
    serverAddress: address(20),
    relayAddress: address(24),
    hardwareAddress: bytes.toString("hex", 28, 34).replace(/(..)(?!$)/g, "$1:"),
    serverName: string(44, 64),
    file: string(108, 128),
    options,
  };
}

export const bench: BenchModule["bench"] = async ({ log }) => {
  const bytes = Buffer.from(encode(packet, discover));
  const into = new Uint8Array(1500);
  assert.deepEqual(decode(packet, bytes), discover);
  assert.deepEqual(encode(packet, decodeByHand(bytes)), encode(packet, discover));
  log(`a packet of ${bytes.length} bytes with ${Object.keys(discover.options).length} options`);

  const byHand = rate(() => decodeByHand(bytes));
  const decodes = rate(() => decode(packet, bytes));
  const encodes = rate(() => encode(packet, discover, into));
  return [
    { name: "encode, against the goal", unit: "packets/s", ours: encodes, peer: 700_000, better: "higher" },
    { name: "decode, against the goal", unit: "packets/s", ours: decodes, peer: 1_000_000, better: "higher" },
    {
      name: "decode, against code by hand",
      unit: "packets/s",
      ours: decodes,
      peer: byHand,
      better: "higher",
    },
  ];
};

/** Calls per second: the best of several rounds, because the machine also does other things. */
function rate(action: () => unknown): number {
  const rounds = 12;
  const calls = 50_000;
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    for (let call = 0; call < calls; call++) action();
    best = Math.max(best, (calls * 1000) / (performance.now() - started));
  }
  return best;
}
