// Whoever answers in the place of a BMC gets a clear error out of us, within its deadline, and nothing else.
import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encode } from "../../wire/codec.ts";
import type { Bmc } from "../bmc.ts";
import { manualClock, movedByWaiting } from "../manual-clock.ts";
import { hurriedClock } from "../profiles.conformance.ts";
import { BmcQueue } from "../queue.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { IpmiEngine } from "../simulator/ipmi/engine.ts";
import { insideTransport } from "../simulator/ipmi/simulated-device.ts";
import { netFns, type RawRequest, type RawResponse } from "./command.ts";
import { ipmiBmc } from "./driver.ts";
import { type LanPort, openLanPort } from "./lan-port.ts";
import { openIpmi } from "./open.ts";
import { payloadTypes, readEnvelope, writePacket } from "./packet.ts";
import { rmcp } from "./rmcp.ts";

let port: LanPort;
beforeAll(async () => {
  port = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
});
afterAll(() => port[Symbol.asyncDispose]());

type Tamper = (honest: Uint8Array, send: (packet: Uint8Array) => void) => void;

/** A BMC of whose packets each is tampered with on its way out. */
async function openImpostor(tamper: Tamper) {
  const socket: Socket = createSocket("udp4");
  const chassis = new SimulatedChassis({ clock: manualClock() });
  const engine = new IpmiEngine({ chassis, randomBytes, udpPort: () => 623 });
  socket.on("message", (packet, from) => {
    const send = (reply: Uint8Array) => socket.send(reply, from.port, from.address, () => {});
    engine.receive(packet, (honest) => tamper(honest, send));
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    open: () =>
      openIpmi({
        port,
        clock: hurriedClock,
        randomBytes,
        host: "127.0.0.1",
        udpPort: socket.address().port,
        user: "admin",
        password: "secret",
        keepAliveMs: 0,
        patience: { firstMs: 5_000, tries: 2 },
      }),
    async [Symbol.asyncDispose]() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

/** Changes the packets of one kind, and leaves the others as they are. */
const onlyIn =
  (type: number, change: (packet: Uint8Array) => Uint8Array): Tamper =>
  (honest, send) => {
    const isMeant = ((honest[4] === 6 ? honest[5]! : 0) & 0x3f) === type && honest[4] === 6;
    send(isMeant ? change(honest) : honest);
  };

const withPayload = (packet: Uint8Array, change: (payload: Uint8Array) => Uint8Array): Uint8Array => {
  const { type, payload } = readEnvelope(packet.subarray(4));
  return writePacket({ format: "plus", type, session: 0, sequence: 0, payload: change(payload) });
};
const cutTo = (bytes: number) => (packet: Uint8Array) =>
  withPayload(packet, (payload) => payload.subarray(0, bytes));
const withByte = (at: number, value: number) => (packet: Uint8Array) =>
  withPayload(packet, (payload) => payload.map((byte, index) => (index === at ? value : byte)));

const isProtected = (packet: Uint8Array) => packet[4] === 6 && (packet[5]! & 0x40) !== 0;
const withLastBitFlipped = (packet: Uint8Array) =>
  packet.map((byte, index) => (index === packet.length - 1 ? byte ^ 1 : byte));

const silence = /did not answer 2 tries/;

test.each<[string, Tamper, RegExp]>([
  ["nothing", () => {}, silence],
  ["one byte", (_, send) => send(Uint8Array.of(6)), silence],
  ["zeros, as many as fit", (_, send) => send(new Uint8Array(65_507)), silence],
  ["noise", (_, send) => send(randomBytes(1_400)), silence],
  ["half of every packet", (honest, send) => send(honest.subarray(0, honest.length >> 1)), silence],
  [
    "lengths that run past the end",
    (honest, send) => send(honest.with(honest[4] === 6 ? 14 : 13, 0xff)),
    silence,
  ],
  [
    "ping packets",
    (_, send) => send(encode(rmcp, { sequence: 255, class: "asf", payload: randomBytes(12) })),
    silence,
  ],
  [
    "an Open Session Response cut short",
    onlyIn(payloadTypes.openSessionResponse, cutTo(9)),
    /cut short|did not answer/,
  ],
  [
    "weaker algorithms than asked for",
    onlyIn(payloadTypes.openSessionResponse, withByte(16, 0)),
    /other algorithms/,
  ],
  ["a RAKP 2 cut short", onlyIn(payloadTypes.rakp2, cutTo(8)), /cut short/],
  ["a RAKP 2 without a proof", onlyIn(payloadTypes.rakp2, cutTo(40)), /wrong password/],
  ["a status nobody knows", onlyIn(payloadTypes.rakp2, withByte(1, 0x77)), /status 0x77/],
  ["a RAKP 4 without a proof", onlyIn(payloadTypes.rakp4, cutTo(8)), /its last proof is wrong/],
  [
    "session packets whose check is wrong",
    (honest, send) => send(isProtected(honest) ? withLastBitFlipped(honest) : honest),
    silence,
  ],
])("an impostor that sends %s", async (_, tamper, message) => {
  await using impostor = await openImpostor(tamper);
  await expect(impostor.open()).rejects.toThrow(message);
});

test("everything three times, and the old once more, is heard once", async () => {
  const sent: Uint8Array[] = [];
  await using impostor = await openImpostor((honest, send) => {
    sent.push(honest);
    for (const packet of [honest, honest, honest, ...sent.slice(-8)]) send(packet);
  });
  await using bmc = await impostor.open();
  for (let n = 0; n < 20; n++) expect(await bmc.power.read()).toBe("off");
});

type Lie = (honest: RawResponse, request: RawRequest) => RawResponse;
const bytes =
  (...data: number[]): Lie =>
  () => ({ completion: 0, data: Uint8Array.from(data) });
const refuses =
  (completion: number): Lie =>
  () => ({ completion, data: new Uint8Array() });
const cut =
  (size: number): Lie =>
  ({ data }) => ({ completion: 0, data: data.subarray(0, size) });

const [getDeviceId, getSdr, getSelEntry, clearSel, fruInfo, readFru] = [
  [netFns.app, 0x01],
  [netFns.storage, 0x23],
  [netFns.storage, 0x43],
  [netFns.storage, 0x47],
  [netFns.storage, 0x10],
  [netFns.storage, 0x11],
] as const;
const [bootOptions, lanParameters, userAccess, chassisStatus] = [
  [netFns.chassis, 0x09],
  [netFns.transport, 0x02],
  [netFns.app, 0x44],
  [netFns.chassis, 0x01],
] as const;

/** A BMC that answers some commands as it likes. */
async function liarOf(lies: readonly (readonly [command: readonly [number, number], lie: Lie])[]) {
  const clock = manualClock();
  const chassis = new SimulatedChassis({ clock });
  chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" });
  const honest = insideTransport(chassis);
  let asked = 0;
  const bmc = await ipmiBmc({
    ...honest,
    clock: movedByWaiting(clock),
    async exchange(request) {
      asked++;
      clock.advance(50);
      const answer = await honest.exchange(request);
      const lie = lies.find(([[netFn, code]]) => netFn === request.netFn && code === request.code)?.[1];
      return lie ? lie(answer, request) : answer;
    },
  });
  return { bmc, clock, asked: () => asked };
}

const nextRecord = (id: number) => [id & 0xff, id >> 8];

describe("a BMC that lets us in and then answers", () => {
  test.each<[string, readonly [number, number], Lie, (bmc: Bmc) => Promise<unknown>, RegExp]>([
    [
      "its power state with nothing",
      chassisStatus,
      cut(0),
      (bmc) => bmc.power.read(),
      /Get Chassis Status.*makes no sense/,
    ],
    ["everything with busy", chassisStatus, refuses(0xc0), (bmc) => bmc.power.read(), /is busy \(0xc0\)/],
    [
      "a code nobody knows",
      chassisStatus,
      refuses(0x6e),
      (bmc) => bmc.power.read(),
      /a completion code of its own \(0x6e\)/,
    ],
    ["boot flags with one byte", bootOptions, cut(3), (bmc) => bmc.boot.read(), /boot flags.*makes no sense/],
    [
      "its address with one byte",
      lanParameters,
      cut(2),
      (bmc) => bmc.controller.network(),
      /LAN parameter 20 of .* makes no sense/,
    ],
    [
      "users with nothing",
      userAccess,
      cut(1),
      (bmc) => bmc.accounts.list(),
      /Get User Access.*makes no sense/,
    ],
    ["that it is erasing, for ever", clearSel, bytes(0), (bmc) => bmc.health.clearEvents(), /still erasing/],
    [
      "a sensor record with its head cut off",
      getSdr,
      cut(4),
      (bmc) => bmc.health.sensors(),
      /sensor records.*makes no sense/,
    ],
    [
      "a reservation that is always lost",
      getSdr,
      refuses(0xc5),
      (bmc) => bmc.health.sensors(),
      /reservation was lost/,
    ],
  ])("%s", async (_, command, lie, verb, message) => {
    const { bmc } = await liarOf([[command, lie]]);
    await expect(verb(bmc)).rejects.toThrow(message);
    await expect(verb(bmc)).rejects.toMatchObject({ name: "IpmiError" });
  });

  test("who it is with one byte, is not let in", async () => {
    await expect(liarOf([[getDeviceId, cut(1)]])).rejects.toThrow(/Get Device ID.*makes no sense/);
  });

  test("sensor records in circles, is believed ten thousand times", async () => {
    const circle: Lie = ({ data }, { data: asked }) => ({
      completion: 0,
      data: Uint8Array.of(...nextRecord(((asked[2]! | (asked[3]! << 8)) % 2) + 1), ...data.subarray(2)),
    });
    const { bmc, asked } = await liarOf([[getSdr, circle]]);
    await bmc.health.sensors();
    expect(asked()).toBeLessThan(60_000);
  });

  test("a log without end, is not believed for ever", async () => {
    const next: Lie = (_, { data: asked }) => ({
      completion: 0,
      data: Uint8Array.of(...nextRecord(((asked[2]! | (asked[3]! << 8)) + 1) % 0xfffe), ...randomBytes(16)),
    });
    const { bmc } = await liarOf([[getSelEntry, next]]);
    expect(await bmc.health.events()).toHaveLength(10_000);
  });

  test("a record that makes no sense among good ones, loses that one alone", async () => {
    const { bmc } = await liarOf([
      [getSelEntry, ({ data }) => ({ completion: 0, data: data.subarray(0, 9) })],
    ]);
    expect(await bmc.health.events()).toMatchObject([{ grade: "unknown", message: /makes no sense/ }]);
    expect(await bmc.health.sensors()).not.toEqual([]);
  });

  test("an inventory that is not one, is a server without a name", async () => {
    const { bmc } = await liarOf([
      [
        readFru,
        (_, { data }) => ({ completion: 0, data: Uint8Array.of(data[3]!, ...randomBytes(data[3]!)) }),
      ],
    ]);
    expect(await bmc.chassis.facts()).toMatchObject({ uuids: expect.any(Array) });
    const short = await liarOf([[readFru, bytes(0)]]);
    expect(await short.bmc.chassis.facts()).toMatchObject({ manufacturer: undefined });
  });

  test("that somebody else is at it, is asked again until they are not", async () => {
    let left = 3;
    const busy: Lie = (honest) => (left-- > 0 ? { completion: 0x81, data: new Uint8Array() } : honest);
    const { bmc } = await liarOf([[readFru, busy]]);
    expect(await bmc.chassis.facts()).toMatchObject({ manufacturer: "Ingot" });
    left = Number.POSITIVE_INFINITY;
    await expect(bmc.chassis.facts()).rejects.toThrow(/the FRU device is busy \(0x81\)/);
  });

  test("64 KiB of inventory, a byte at a time, is given up by its queue", async () => {
    const { bmc, clock } = await liarOf([
      [fruInfo, bytes(0xff, 0xff, 0)],
      [readFru, bytes(1, 1)],
    ]);
    await using queue = new BmcQueue({ clock, open: async () => bmc, audit: () => {} });
    await expect(queue.poll("facts", (bmc) => bmc.chassis.facts())).rejects.toThrow(
      "Cannot finish facts: the BMC took longer than 120 s",
    );
  });
});
