import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { givenFor, newPassword } from "./accounts.ts";

test("passwords have 20 characters of all kinds, and no two are alike", () => {
  const passwords = Array.from({ length: 200 }, () => newPassword(randomBytes));
  expect(new Set(passwords).size).toBe(200);
  for (const password of passwords)
    expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z2-9]{20}$/);
});

describe("credentials given in advance", () => {
  const entry = { user: "u", password: "p" };
  const machine = {
    uuids: ["4c4c4544-0042-4a10-8035-000000000001"],
    serial: "S1",
    macs: ["52:54:00:00:00:01"],
  };
  test.each([
    ["the UUID", { uuid: "4C4C4544-0042-4A10-8035-000000000001" }, true],
    ["the serial number", { serial: "S1" }, true],
    ["a MAC address", { mac: "52:54:00:00:00:01" }, true],
    ["another serial number", { serial: "S2" }, false],
    ["nothing", {}, false],
  ])("by %s", (_, marks, found) => {
    expect(givenFor([{ ...entry, ...marks }], machine) !== undefined).toBe(found);
  });
});
