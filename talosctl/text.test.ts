import { describe, expect, test } from "vitest";
import { goModeText, humanBytes } from "./commands/files.ts";
import { isStepByStep } from "./commands/upgrade.ts";
import { parseDuration } from "./duration.ts";
import { jsonPath } from "./json-path.ts";
import { tableText } from "./table.ts";

test("columns are as wide as their widest cell, the last as each of its own", () => {
  const rows = [
    ["NODE", "STATE", "EVENT"],
    ["10.0.0.1", "", "a longer one"],
  ];
  expect(tableText(rows)).toBe("NODE       STATE   EVENT\n10.0.0.1           a longer one\n");
  expect(tableText([])).toBe("");
});

describe("JSONPath", () => {
  const value = { a: { "x.y/z": 1, list: [{ n: 1 }, { n: 2 }, { n: 3 }] }, on: true, none: null };
  test.each([
    ["{.on}", "true"],
    ["{.a.x\\.y/z}", "1"],
    ["{.a['x.y/z']}", "1"],
    ["{.a.list[0].n}", "1"],
    ["{.a.list[-1].n}", "3"],
    ["{.a.list[*].n}", "1 2 3"],
    ["{.a.list[1:].n}", "2 3"],
    ["{.a.list[0]}", '{"n":1}'],
    ["{.missing.too}", ""],
    ["{.none}", ""],
    ["on={.on}, n={.a.list[0].n}", "on=true, n=1"],
  ])("%s is %j", (path, expected) => {
    expect(jsonPath(path, value)).toBe(expected);
  });
  test("of a text is the text", () => expect(jsonPath("{}", "controlplane")).toBe("controlplane"));
});

test.each([
  ["90s", 90_000],
  ["1h30m", 5_400_000],
  ["1m0s", 60_000],
  ["250ms", 250],
])("%s are %d ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(["", "90", "1d", "1h x"])("%j is no duration", (text) =>
  expect(() => parseDuration(text)).toThrow(),
);

test.each([
  [2 ** 31 + 0o755, "drwxr-xr-x"],
  [2 ** 27 + 0o777, "Lrwxrwxrwx"],
  [2 ** 26 + 2 ** 21 + 0o620, "Dcrw--w----"],
  [0o644, "-rw-r--r--"],
])("%d is %s", (mode, text) => expect(goModeText(mode)).toBe(text));

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_500, "1.5 kB"],
  [82_854_982, "83 MB"],
])("%d bytes are %s", (bytes, text) => expect(humanBytes(bytes)).toBe(text));

test.each([
  ["v1.12.9", false],
  ["v1.13.0-alpha.2", false],
  ["v1.13.0-alpha.3", true],
  ["v1.13.0", true],
  ["v1.13.0+ingot.0.1.0", true],
  ["v1.14.0-beta.1", true],
  ["v2.0.0", false],
  ["nonsense", false],
])("a machine of %s upgrades step by step: %s", (tag, expected) => expect(isStepByStep(tag)).toBe(expected));
