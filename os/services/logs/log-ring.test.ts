import { describe, expect, test } from "vitest";
import { LogRing } from "./log-ring.ts";

const kept = { now: () => new Date(0) };
const stop = new AbortController();
const now = { follow: false, signal: stop.signal };
const textOf = async (ring: LogRing, reading: Parameters<LogRing["read"]>[0]) =>
  Buffer.concat(await Array.fromAsync(ring.read(reading))).toString();
const say = (ring: LogRing, text: string) => ring.write(Buffer.from(text));

describe("a log in memory", () => {
  test("keeps whole lines, however they arrive", async () => {
    const ring = new LogRing(kept);
    say(ring, "on");
    say(ring, "e\ntw");
    expect(await textOf(ring, now)).toBe("one\n");
    say(ring, "o\n");
    expect(await textOf(ring, now)).toBe("one\ntwo\n");
  });

  test.each([
    [0, ""],
    [1, "c\n"],
    [9, "a\nb\nc\n"],
  ])("begins with the last %d lines", async (tailLines, expected) => {
    const ring = new LogRing(kept);
    say(ring, "a\nb\nc\n");
    expect(await textOf(ring, { ...now, tailLines })).toBe(expected);
  });

  test("goes on with what comes", async () => {
    const ring = new LogRing(kept);
    const end = new AbortController();
    say(ring, "a\n");
    const reading = ring.read({ follow: true, signal: end.signal });
    expect(String((await reading.next()).value)).toBe("a\n");
    const next = reading.next();
    say(ring, "b\n");
    expect(String((await next).value)).toBe("b\n");
    end.abort();
    expect(await reading.next()).toMatchObject({ done: true });
  });

  test("drops its oldest lines when there is too much, and never grows past its size", async () => {
    const ring = new LogRing({ ...kept, keptBytes: 100 });
    for (let at = 0; at < 1000; at += 1) say(ring, `line ${at}\n`);
    const text = await textOf(ring, now);
    expect(text).toMatch(/line 999\n$/);
    expect(text.length).toBeLessThanOrEqual(100);
  });

  test("ends a line that never ends", async () => {
    const ring = new LogRing({ ...kept, keptBytes: 100 });
    say(ring, "x".repeat(60));
    expect(await textOf(ring, now)).toBe(`${"x".repeat(60)}\n`);
  });
});
