import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBootToken, signBootToken } from "./boot-token.ts";

const key = randomBytes(32);
const now = new Date("2026-01-01T00:00:00Z");
const expiresAt = new Date(now.getTime() + 1000);
const token = { id: "t1", machine: "m1", use: "config", wipeId: 3, expiresAt } as const;
const text = signBootToken(token, key);
const read = (text: string, change: object = {}) =>
  readBootToken(text, { key, now, use: "config", ...change });

describe("a boot token", () => {
  test("says whose boot it is until it expires", () => {
    expect(read(text)).toEqual({ is: "good", token });
    expect(read(text, { now: expiresAt })).toEqual({ is: "expired" });
  });

  test("passes through a boot script", () => expect(text).toMatch(/^[\w.-]+$/));

  test("of another provisioner is foreign", () => {
    expect(read(text, { key: randomBytes(32) })).toEqual({ is: "foreign" });
  });

  test("for one thing is no token for another", () => {
    expect(read(text, { use: "enrol" })).toEqual({ is: "foreign" });
  });

  test("is refused with one character changed, and whatever else is shown is too", () => {
    // The last character of base64 may have bits that say nothing.
    const places = fc.nat(text.length - 2).filter((index) => text[index] !== ".");
    fc.assert(
      fc.property(places, fc.constantFrom("A", "b", "9", "_"), (index, other) => {
        const changed = text.slice(0, index) + other + text.slice(index + 1);
        if (changed !== text) expect(read(changed).is).toBe("foreign");
      }),
    );
    fc.assert(fc.property(fc.string(), (any) => read(any).is !== "good"));
  });
});
