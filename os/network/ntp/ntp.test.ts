import { createSocket } from "node:dgram";
import { once } from "node:events";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, encode } from "../../../wire/codec.ts";
import { WireError } from "../../../wire/error.ts";
import { askTime } from "./ask.ts";
import { chooseSample, correctionOf, type Exchange, judgeAnswer, type Sample } from "./judge.ts";
import { msToTimestamp, type NtpPacket, ntpPacket, timestampToMs } from "./packet.ts";

const at = Date.UTC(2026, 0, 1);
const exchange: Exchange = { server: "ntp", nonce: 7n, sentAtMs: at, tookMs: 100 };
/** A server five seconds ahead, which the question reached after 50 ms. */
const good: NtpPacket = {
  head: { leap: 0, version: 4, mode: 4 },
  stratum: 2,
  poll: 0,
  precision: -20,
  rootDelayMs: 1,
  rootDispersionMs: 1,
  reference: 0,
  referenceTime: 0n,
  originate: 7n,
  receive: msToTimestamp(at + 5050),
  transmit: msToTimestamp(at + 5050),
};

describe("timestamps", () => {
  test("are what they were, to a microsecond, before 2036 and after", () => {
    const times = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
    fc.assert(
      fc.property(times, (ms) => {
        const inEra = ms >= Date.UTC(1968, 0, 21);
        if (inEra) expect(timestampToMs(msToTimestamp(ms))).toBeCloseTo(ms, 2);
      }),
    );
    expect(new Date(timestampToMs(0n)).toISOString()).toBe("2036-02-07T06:28:16.000Z");
  });
});

describe("a time server's answer", () => {
  test("tells how far off we are, half of the way taken off", () => {
    const sample = judgeAnswer(exchange, good) as Sample;
    expect(sample.offsetMs).toBeCloseTo(5000, 2);
    expect(sample.delayMs).toBeCloseTo(100, 2);
  });

  test.each<[string, Partial<NtpPacket>]>([
    ["ntp answered in mode 3, as no server does", { head: { leap: 0, version: 4, mode: 3 } }],
    ["ntp answered a question that was not asked", { originate: 8n }],
    ["ntp refuses: RATE", { stratum: 0, reference: 0x52415445 }],
    ["ntp refuses: code 1", { stratum: 0, reference: 1 }],
    ["ntp does not know the time itself", { head: { leap: 3, version: 4, mode: 4 } }],
    ["ntp is too far from any clock (stratum 16)", { stratum: 16 }],
    ["ntp is not sure of the time", { rootDispersionMs: 20_000 }],
    ["ntp sent before it received", { transmit: 0n }],
    ["ntp sent before it received", { transmit: msToTimestamp(at) }],
  ])("is not believed: %s", (why, flaw) => {
    expect(judgeAnswer(exchange, { ...good, ...flaw })).toBe(why);
  });

  test("may be any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60, size: "max" }), (bytes) => {
        try {
          judgeAnswer(exchange, decode(ntpPacket, bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});

describe("among several servers", () => {
  const sample = (server: string, offsetMs: number, delayMs = 10): Sample => ({
    server,
    offsetMs,
    delayMs,
    stratum: 2,
  });

  test.each([
    ["one that lies is outvoted", [sample("a", 5000), sample("b", 5003, 4), sample("liar", 9e9, 1)], "b"],
    ["the most direct is taken", [sample("a", 5000, 9), sample("b", 5003, 4)], "b"],
    ["one alone is believed", [sample("a", 5000)], "a"],
  ])("%s", (_, samples, server) => {
    expect(chooseSample(samples)).toMatchObject({ server });
  });

  test.each([
    [
      "two that disagree are not believed",
      [sample("a", 0), sample("b", 60_000)],
      "the time servers disagree: a by 0.0 s, b by 60.0 s",
    ],
    ["none is none", [], "no time server has answered"],
  ])("%s", (_, samples, why) => {
    expect(chooseSample(samples)).toBe(why);
  });
});

test.each([
  [5000, true, "step"],
  [5000, false, "step"],
  [-129, false, "step"],
  [40, true, "step"],
  [40, false, "slew"],
  [0.2, false, "none"],
] as const)("off by %d ms, first time %s: %s", (offsetMs, first, how) => {
  expect(correctionOf(offsetMs, { first })).toBe(how);
});

describe("over a real socket", () => {
  const clock = { now: () => new Date(at), elapsedMs: () => 0 };
  const ask = (port: number, signal: AbortSignal) =>
    askTime("127.0.0.1", { clock, nonce: () => 7n, signal, port });

  async function server(answer: (question: NtpPacket) => Uint8Array) {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.on("message", (bytes, from) =>
      socket.send(answer(decode(ntpPacket, bytes)), from.port, from.address),
    );
    return { port: socket.address().port, [Symbol.dispose]: () => void socket.close() };
  }

  test("a server that cannot be reached is a sentence, not a crash", async () => {
    const { signal } = new AbortController();
    // Reserved, so that no route leads there.
    const answer = askTime("240.0.0.1", {
      clock,
      nonce: () => 7n,
      signal: AbortSignal.any([signal, AbortSignal.timeout(200)]),
    });
    expect(await answer).toMatch(/^240\.0\.0\.1 (cannot be asked|did not answer)/);
    expect(await askTime("no.such.host.invalid", { clock, nonce: () => 7n, signal })).toMatch(
      /cannot be asked: /,
    );
  });

  test("the question gives nothing away, and the answer is a sample", async () => {
    let question: NtpPacket | undefined;
    using peer = await server((asked) => {
      question = asked;
      return encode(ntpPacket, { ...good, originate: asked.transmit });
    });
    expect(await ask(peer.port, AbortSignal.timeout(5000))).toMatchObject({ server: "127.0.0.1" });
    expect(question).toMatchObject({
      head: { version: 4, mode: 3 },
      transmit: 7n,
      originate: 0n,
      referenceTime: 0n,
    });
  });

  test("what is no NTP packet is said", async () => {
    using peer = await server(() => Uint8Array.of(1, 2, 3));
    expect(await ask(peer.port, AbortSignal.timeout(5000))).toBe(
      "127.0.0.1 answered with 3 bytes that are no NTP packet",
    );
  });

  test("a name that is none is said", async () => {
    const options = { clock, nonce: () => 7n, signal: AbortSignal.timeout(5000) };
    expect(await askTime("no name", options)).toMatch(/^no name cannot be asked: .*no name/);
  });

  test("silence is said when time is up", async () => {
    const silent = createSocket("udp4");
    silent.bind(0, "127.0.0.1");
    await once(silent, "listening");
    const stop = new AbortController();
    const asked = ask(silent.address().port, stop.signal);
    silent.once("message", () => stop.abort());
    expect(await asked).toBe("127.0.0.1 did not answer");
    silent.close();
  });
});
