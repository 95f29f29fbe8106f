import { expect, test } from "vitest";
import { partsOf, timeTable } from "./times.ts";

const machines = [
  { PXE: 4, agent: 16, pool: 20 },
  { PXE: 9, agent: 21, pool: 30.5 },
];

test("the firmware's part ends when the machine that comes last asks what to boot", () => {
  expect(partsOf({ firmware: "bios", size: 2, machines })).toEqual({ firmwareS: 9, oursS: 21.5 });
});

test("a table has each milestone that was reached, of the first machine and of the last", () => {
  expect(timeTable({ firmware: "uefi", size: 2, machines })).toEqual([
    "UEFI, 2 at once, from power-on:",
    "  PXE          4.0 s …    9.0 s",
    "  agent       16.0 s …   21.0 s",
    "  pool        20.0 s …   30.5 s",
  ]);
  expect(timeTable({ firmware: "bios", size: 1, machines: [{ PXE: 4 }] })[1]).toBe("  PXE          4.0 s");
});
