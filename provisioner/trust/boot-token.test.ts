import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBootToken, signBootToken } from "./boot-token.ts";

const key = randomBytes(32);
const now = new Date("2026-01-01T00:00:00Z");
const token = { id: "t1", machine: "m1", expiresAt: new Date(now.getTime() + 1000) };
const text = signBootToken(token, key);

describe("a boot token", () => {
  test("says whose boot it is until it expires", () => {
    expect(readBootToken(text, key, now)).toEqual({ is: "good", token });
    expect(readBootToken(text, key, token.expiresAt)).toEqual({ is: "expired" });
  });

  test("passes through a boot script", () => expect(text).toMatch(/^[\w.-]+$/));

  test("of another provisioner is foreign", () => {
    expect(readBootToken(text, randomBytes(32), now)).toEqual({ is: "foreign" });
  });

  test("is refused with one character changed, and whatever else is shown is too", () => {
    // The last character of base64 may have bits that say nothing.
    const places = fc.nat(text.length - 2).filter((index) => text[index] !== ".");
    fc.assert(
      fc.property(places, fc.constantFrom("A", "b", "9", "_"), (index, other) => {
        const changed = text.slice(0, index) + other + text.slice(index + 1);
        if (changed !== text) expect(readBootToken(changed, key, now).is).toBe("foreign");
      }),
    );
    fc.assert(fc.property(fc.string(), (any) => readBootToken(any, key, now).is !== "good"));
  });
});
