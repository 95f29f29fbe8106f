import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../clock.ts";
import { type ConflictProbe, type FrameSocket, openConflictProbe } from "./conflict-probe.ts";
import { addressNumber } from "./subnet.ts";

const ours = "02:00:00:00:00:01";
const machine = "52:54:00:00:00:01";
const stranger = "52:54:00:00:00:66";

/** Time passes by itself, in small steps. */
const clock: Clock = {
  now: () => 0,
  every: () => ({ [Symbol.dispose]: () => {} }),
  sleep: async (ms) => {
    for (let step = 0; step < ms; step += 10) await new Promise(setImmediate);
  },
};

let sent: Buffer[];
let answers: (frame: Buffer) => readonly Uint8Array[];
let waiting: Uint8Array[];
let warnings: string[];
let probe: ConflictProbe;
beforeEach(() => {
  [sent, waiting, warnings] = [[], [], []];
  answers = () => [];
  const socket: FrameSocket = {
    mac: ours,
    send: (frame) => {
      sent.push(Buffer.from(frame));
      waiting.push(...answers(Buffer.from(frame)));
    },
    receive: () => waiting.shift(),
    [Symbol.dispose]: () => {},
  };
  probe = openConflictProbe({ socket, clock, onWarning: (text) => warnings.push(text) });
});
afterEach(() => probe[Symbol.dispose]());

/** RFC 826, from whoever has this address. */
function arp(mac: string, address: string): Uint8Array {
  const frame = Buffer.alloc(60);
  frame.write("0806", 12, "hex");
  frame.write("0001080006040002", 14, "hex");
  frame.write(mac.replaceAll(":", ""), 22, "hex");
  frame.writeUInt32BE(addressNumber(address), 28);
  return frame;
}

test("the question tells nobody a wrong address", async () => {
  await probe.holder("192.0.2.7", machine);
  expect(sent.map((frame) => frame.toString("hex"))).toEqual([
    "ffffffffffff" +
      ours.replaceAll(":", "") +
      "0806" +
      "0001080006040001" +
      ours.replaceAll(":", "") +
      "00000000" +
      "000000000000" +
      "c0000207",
  ]);
});

describe("an address", () => {
  test.each([
    ["is free when nobody answers", () => [], undefined],
    ["is a stranger's when he answers", () => [arp(stranger, "192.0.2.7")], stranger],
    ["is free when the machine itself has it already", () => [arp(machine, "192.0.2.7")], undefined],
    ["is free when somebody has another", () => [arp(stranger, "192.0.2.8")], undefined],
    ["is free whatever noise there is", () => [new Uint8Array(5), Buffer.alloc(60, 255)], undefined],
  ])("%s", async (_, answer, holder) => {
    answers = answer;
    expect(await probe.holder("192.0.2.7", machine)).toBe(holder);
  });

  test("is a stranger's only as long as he answers", async () => {
    answers = () => [arp(stranger, "192.0.2.7")];
    expect(await probe.holder("192.0.2.7", machine)).toBe(stranger);
    answers = () => [];
    expect(await probe.holder("192.0.2.7", machine)).toBeUndefined();
  });

  test("is asked for at the same time as others", async () => {
    answers = () => [arp(stranger, "192.0.2.8")];
    expect(
      await Promise.all(
        ["192.0.2.7", "192.0.2.8", "192.0.2.9"].map((address) => probe.holder(address, machine)),
      ),
    ).toEqual([undefined, stranger, undefined]);
  });
});

test("a router that answers for everybody does not empty the pool", async () => {
  answers = (frame) => [arp(stranger, `192.0.2.${frame[41]}`)];
  for (let n = 1; n <= 16; n++) expect(await probe.holder(`192.0.2.${n}`, machine)).toBe(stranger);
  await probe.holder("192.0.2.17", machine);
  expect(await probe.holder("192.0.2.18", machine)).toBeUndefined();
  expect(warnings).toHaveLength(1);
});
