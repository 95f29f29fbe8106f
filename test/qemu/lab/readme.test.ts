// The run that README.md shows is one that `npm start` tells: as its words change, that has to be recorded anew.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { milestones, type RecordSpec } from "./milestones.ts";

const readme = readFileSync(join(import.meta.dirname, "../../../README.md"), "utf8");
const block = /```\n([^`]*Seconds from power-on:[^`]*)```/.exec(readme)?.[1] ?? "";
const [story = "", table = ""] = block.split("Seconds from power-on:\n");

const unknown = "SOMETHING";
const values = { why: unknown, version: unknown, by: unknown, address: unknown, profile: unknown };
const records = ["booting", "agent", "accepted"].flatMap((state) =>
  ["pool", "running"].map(
    (stage): RecordSpec => ({ ...values, state, stage, evidence: unknown, wipedAt: 1 }),
  ),
);
/** What can be said of a machine. */
const sayings = [
  `powered on; its BMC is ${unknown}`,
  `${unknown} % of its disks are wiped`,
  ...milestones.flatMap(({ reached }) => records.flatMap((record) => reached(record) ?? [])),
].map(
  (text) =>
    new RegExp(
      `^${text
        .split(unknown)
        .map((piece) => RegExp.escape(piece))
        .join(".+")}$`,
    ),
);

test("each line about a machine is one that the lab can say", () => {
  const lines = story.split("\n").flatMap((line) => {
    const [, who, text] = /^ *[\d.]+ s {2}(\S+) +(.*)$/.exec(line) ?? [];
    return who === undefined || who === "ingot" ? [] : [text!];
  });
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines)
    expect(
      sayings.some((one) => one.test(line)),
      line,
    ).toBe(true);
});

test("the table has every milestone, and when each machine came to it", () => {
  const [header = "", ...rows] = table.trimEnd().split("\n");
  expect(header.trim().split(/ +/)).toEqual(milestones.map(({ name }) => name));
  for (const row of rows) expect(row.match(/\d+\.\d s/g)).toHaveLength(milestones.length);
});
