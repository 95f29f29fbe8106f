import { describe, expect, test } from "vitest";
import { bootDoubt } from "./boot-doubt.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 12, minute));
const on = (since: number) => ({ power: "on" as const, since: at(since), readAt: at(since) });
const booting = (step: "asked" | "offered" | "leased" | "downloading" | "scripted", minute: number) => ({
  ...{ state: "booting" as const, bootId: "b", plan: "agent" as const, why: "it is new" },
  ...{ step, since: at(minute), at: at(minute) },
});
const attached = {
  ...{ state: "agent" as const, kernelBootId: "k", version: "1" },
  ...{ since: at(0), heardAt: at(30) },
};

describe("what is wrong with a machine that does not come", () => {
  test.each([
    ["it was turned on a moment ago", { boot: undefined, power: on(0), now: at(3) }, undefined],
    [
      "it is on, and silent",
      { boot: undefined, power: on(0), now: at(5) },
      /^it is on for 5 min, and never asked .*no link/,
    ],
    [
      "it asked before it was turned on, and not since",
      { boot: booting("scripted", 1), power: on(2), now: at(9) },
      /^it is on for 7 min, and never asked/,
    ],
    [
      "it is off",
      { boot: booting("asked", 0), power: { ...on(1), power: "off" as const }, now: at(9) },
      undefined,
    ],
    ["it asks for an address", { boot: booting("asked", 0), power: undefined, now: at(2) }, /takes no offer/],
    ["it just asked for an address", { boot: booting("asked", 2), power: on(0), now: at(2) }, undefined],
    [
      "it was offered a boot",
      { boot: booting("offered", 0), power: on(0), now: at(2) },
      /nobody gives it an address/,
    ],
    ["it loads nothing", { boot: booting("leased", 0), power: on(0), now: at(3) }, /loads nothing/],
    [
      "it was offered a boot a moment ago, as often before",
      { boot: { ...booting("offered", 0), at: at(9) }, power: on(0), now: at(9) },
      /nobody gives it an address.*9 min/,
    ],
    [
      "it was offered a boot a moment ago, and yesterday",
      { boot: { ...booting("offered", -900), at: at(9) }, power: on(9), now: at(9) },
      undefined,
    ],
    ["its download hangs", { boot: booting("downloading", 0), power: on(0), now: at(6) }, /does not end/],
    ["its system does not come", { boot: booting("scripted", 0), power: on(0), now: at(6) }, /console/],
    ["its agent is there", { boot: attached, power: on(20), now: at(40) }, undefined],
    ["nothing is known", { boot: undefined, power: undefined, now: at(40) }, undefined],
  ])("%s", (_, seen, doubt) => {
    const said = bootDoubt(seen);
    if (doubt === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(doubt);
  });
});
