import { describe, expect, test } from "vitest";
import type { SpecOf } from "../../cosi/resource.ts";
import type { AcceptanceCondition, AcceptanceRule } from "../resources/acceptance-rule.ts";
import type { Inventory } from "../resources/inventory.ts";
import { admit, valuesAt } from "./acceptance.ts";

const at = new Date(0);
const inventory = {
  at,
  system: { manufacturer: "Dell Inc.", product: "PowerEdge R650", serial: "JX8\u001b[2J" },
  firmware: { mode: "uefi", secureBoot: false },
  processors: [{ cores: 32 }, { cores: 32 }],
  disks: [
    { model: "SAMSUNG MZ7L3", sizeBytes: 480e9 },
    { model: "KIOXIA", sizeBytes: 4e12 },
  ],
  networkInterfaces: [
    { addresses: ["192.0.2.7/24"], neighbour: { systemName: "leaf-07" } },
    { addresses: [] },
  ],
} as unknown as SpecOf<typeof Inventory>;

const rule = (id: string, order: number, verdict: "accept" | "reject", ...when: AcceptanceCondition[]) => ({
  metadata: { id },
  spec: { order, verdict, when } satisfies SpecOf<typeof AcceptanceRule>,
});
const dell = { field: "system.manufacturer", is: "like", pattern: "dell*" } as const;
const byRule = { is: "byRule" } as const;

test.each([
  ["system.product", ["PowerEdge R650"]],
  ["disks.model", ["SAMSUNG MZ7L3", "KIOXIA"]],
  ["disks.count", ["2"]],
  ["networkInterfaces.neighbour.systemName", ["leaf-07"]],
  ["networkInterfaces.addresses", ["192.0.2.7/24"]],
  ["networkInterfaces.addresses.count", ["1", "0"]],
  ["firmware.secureBoot", ["false"]],
  ["system.nothing", []],
  ["constructor.name", []],
  ["__proto__.x", []],
  ["", []],
])("the field %s has the values %j", (field, values) => {
  expect(valuesAt(inventory, field)).toEqual(values);
});

describe("a condition", () => {
  test.each<[AcceptanceCondition, boolean]>([
    [dell, true],
    [{ field: "system.manufacturer", is: "unlike", pattern: "dell*" }, false],
    [{ field: "disks.model", is: "unlike", pattern: "intel*" }, true],
    [{ field: "system.nothing", is: "unlike", pattern: "x" }, false],
    [{ field: "disks.sizeBytes", is: "atLeast", number: 1e12 }, true],
    [{ field: "disks.sizeBytes", is: "atMost", number: 1e9 }, false],
    [{ field: "disks.count", is: "atLeast", number: 3 }, false],
    [{ field: "system.product", is: "atLeast", number: 0 }, false],
    [{ field: "firmware.mode", is: "oneOf", values: ["bios", "uefi"] }, true],
  ])("%j holds: %s", (condition, expected) => {
    const { is } = admit({ asked: byRule, inventory, rules: [rule("r", 1, "accept", condition)] });
    expect(is === "accepted").toBe(expected);
  });
});

describe("a machine is", () => {
  const accepted = { state: "accepted", by: "rule old", why: "because", at } as const;
  const rejected = { state: "rejected", by: "rule old", why: "because", at } as const;
  test.each<[string, Parameters<typeof admit>[0], string]>([
    [
      "accepted by an operator before it was seen",
      { asked: { is: "accepted", by: "ann" }, rules: [] },
      "accepted by ann: ann accepted it",
    ],
    [
      "rejected by an operator, whatever was before",
      {
        asked: { is: "rejected", by: "ann", why: "not ours" },
        current: accepted,
        rules: [rule("all", 1, "accept")],
      },
      "rejected by ann: not ours",
    ],
    [
      "accepted still when the rule is gone",
      { asked: byRule, current: accepted, inventory, rules: [] },
      "accepted by rule old: because",
    ],
    [
      "judged anew when a rule had rejected it",
      { asked: byRule, current: rejected, inventory, rules: [rule("all", 1, "accept")] },
      "accepted by rule all: it is for every machine",
    ],
    [
      "waiting without an inventory, even with a rule for every machine",
      { asked: byRule, rules: [rule("all", 1, "accept")] },
      "waiting by : its inventory is not in, by which rules could judge it",
    ],
    [
      "accepted by a rule",
      { asked: byRule, inventory, rules: [rule("dells", 1, "accept", dell)] },
      'accepted by rule dells: system.manufacturer ("Dell Inc.") is like dell*',
    ],
    [
      "judged by the rule of the lowest order",
      { asked: byRule, inventory, rules: [rule("b", 2, "accept"), rule("a", 1, "reject", dell)] },
      'rejected by rule a: system.manufacturer ("Dell Inc.") is like dell*',
    ],
    [
      "rejected when two rules of one order differ",
      { asked: byRule, inventory, rules: [rule("a", 1, "accept"), rule("b", 1, "reject")] },
      "rejected by rule b: it is for every machine",
    ],
    [
      "told which condition it missed, its own words quoted",
      {
        asked: byRule,
        inventory,
        rules: [rule("x", 1, "accept", dell, { field: "system.serial", is: "like", pattern: "K*" })],
      },
      'waiting by : no rule is for it (x: system.serial ("JX8\\u001b[2J") is not like K*)',
    ],
    [
      "waiting for people where there are no rules",
      { asked: byRule, inventory, rules: [] },
      "waiting by : an operator has to accept it: there are no rules",
    ],
  ])("%s", (_, asked, expected) => {
    const { is, by, why } = admit(asked);
    expect(`${is} by ${by}: ${why}`).toBe(expected);
  });
});
