import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { newPassword } from "./new-password.ts";

test("passwords have 20 characters of all kinds, and no two are alike", () => {
  const passwords = Array.from({ length: 200 }, () => newPassword(randomBytes));
  expect(new Set(passwords).size).toBe(200);
  for (const password of passwords)
    expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z2-9]{20}$/);
});
