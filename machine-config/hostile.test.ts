import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fuzz } from "./machine-config.fuzz.ts";
import { parseMachineConfig } from "./machine-config.ts";
import { parsePatch } from "./patch/patch.ts";

test("configs and patches with a few bytes changed are read or refused, and written back the same", () => {
  expect(() => fuzz({ runs: 1500, seed: 20260801, log: () => undefined })).not.toThrow();
});

test("any text at all ends in a sentence of ours", () => {
  const yaml = fc.string({
    unit: fc.constantFrom(..."machine: []{}&*!|>-\n\t'\"#,%@`?~0a".split("")),
    maxLength: 200,
  });
  const refusal = (read: () => unknown) => {
    try {
      read();
    } catch (error) {
      expect((error as Error).name).toBe("InvalidMachineConfig");
    }
  };
  fc.assert(
    fc.property(fc.oneof(yaml, fc.string({ unit: "binary", maxLength: 200 })), (text) => {
      refusal(() => parseMachineConfig(text));
      refusal(() => parsePatch(text));
    }),
    { numRuns: 1000 },
  );
});
