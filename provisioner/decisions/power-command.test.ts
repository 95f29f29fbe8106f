// What a BMC is told, over facts, readings and what was told before: by laws that hold for all of them, and by stories.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Facts, isInstalled, isWipeDue } from "./facts.ts";
import { isUntouchable } from "./hands-off.ts";
import { nextStep } from "./next-step.ts";
import { powerStep } from "./power-command.ts";
import { idleFacts } from "./practice-facts.ts";

type Asked = Parameters<typeof powerStep>[0];

const start = new Date("2026-01-01T00:00:00Z").getTime();
const at = (minutes: number) => new Date(start + minutes * 60_000);
const now = at(60);

const quiet = { order: undefined, told: undefined, boot: undefined, status: undefined, now } as const;

const facts: fc.Arbitrary<Facts> = fc.record({
  admission: fc.constantFrom("waiting", "accepted", "accepted", "accepted", "rejected"),
  cordoned: fc.constantFrom(false, false, false, true),
  removing: fc.constantFrom(false, false, false, true),
  conflicted: fc.constantFrom(false, false, false, true),
  inspected: fc.boolean(),
  assignment: fc.constantFrom("none", "made", "leaving"),
  wipeAsked: fc.constantFrom(1, 2),
  wipedAt: fc.constantFrom(0, 1, 2),
  installedAt: fc.constantFrom(undefined, 1, 2),
  wipe: fc.constantFrom("idle", "running", "failed"),
  runs: fc.constantFrom("agent", "system", "unseen"),
  ready: fc.boolean(),
  resets: fc.boolean(),
  bmc: fc.constantFrom("none", "noAccount", "ready"),
  power: fc.constantFrom("on", "off", "unknown"),
  powerAsked: fc.constantFrom("automatic", "on", "off"),
  gaveUp: fc.boolean(),
});
const power = fc.constantFrom("on", "off", "cycle");
const time = fc.integer({ min: 0, max: 120 }).map(at);
const asked: fc.Arbitrary<Asked> = facts.chain((facts) =>
  fc.record({
    facts: fc.constant(facts),
    actual: fc.constantFrom("on", "off"),
    order: fc.option(
      fc.record(
        { power, at: time, tries: fc.integer({ min: 1, max: 9 }), why: fc.constant("so"), toldAt: time },
        { requiredKeys: ["power", "at", "tries", "why"] },
      ),
      { nil: undefined },
    ),
    told: fc.option(fc.record({ power, at: time, boot: fc.constantFrom("b1", "b2") }), { nil: undefined }),
    boot: fc.option(
      fc.record({
        state: fc.constant("booting"),
        bootId: fc.constant("b1"),
        step: fc.constantFrom("scripted", "turnedAway", "unheard"),
        plan: fc.constantFrom("agent", "install"),
        why: fc.constant(""),
        since: time,
        at: time,
      }),
      { nil: undefined },
    ),
    status: fc.option(
      fc.record({
        stage: fc.constant(nextStep(facts).stage),
        why: fc.constant(""),
        since: time,
        progress: fc.record({
          is: fc.constant("onTime"),
          deadline: time,
          retries: fc.constantFrom(0, 1, 2),
        }),
      }),
      { nil: undefined },
    ),
    now: fc.constant(now),
  }),
) as fc.Arbitrary<Asked>;

const never: Readonly<Record<string, (asked: Asked, power: "on" | "off" | "cycle") => boolean>> = {
  "touches what may not be touched": ({ facts }) => isUntouchable(facts),
  "cycles or turns off what is off": ({ actual }, power) => actual === "off" && power !== "on",
  "turns on what is on": ({ actual }, power) => actual === "on" && power === "on",
  "cycles what runs what it was assigned for": ({ facts }, power) =>
    power === "cycle" &&
    facts.runs === "system" &&
    facts.assignment === "made" &&
    isInstalled(facts) &&
    !isWipeDue(facts),
  "turns off before the inventory is in": ({ facts }, power) =>
    power === "off" && !facts.inspected && !isInstalled(facts),
  "ends a wipe": ({ facts }, power) => power !== "on" && facts.wipe === "running",
  "turns on or cycles what somebody turned off, but to let a wipe end": ({ facts }, power) =>
    power !== "off" && facts.powerAsked === "off" && facts.wipe !== "running",
  "tries by itself again what was given up": ({ facts }, power) =>
    facts.gaveUp && facts.powerAsked === "automatic" && power === "cycle" && !isWipeDue(facts),
};

test("laws hold for whatever is known, read and told before", () => {
  fc.assert(
    fc.property(asked, (asked) => {
      const step = powerStep(asked);
      // Whoever waits for what has been would wait in a circle.
      if (step.do === "watch") {
        expect((step.until ?? at(120)).getTime()).toBeGreaterThan(now.getTime());
        return;
      }
      for (const [law, breaks] of Object.entries(never)) {
        expect(breaks(asked, step.order.power), law).toBe(false);
      }
      // Nothing leaves that is not in the store already.
      if (step.do === "tell") expect(asked.order).toEqual(step.order);
      if (step.do === "tell") expect(step.order.toldAt).toBeUndefined();
    }),
    { numRuns: 30_000, seed: 7 },
  );
}, 60_000);

describe("a command", () => {
  test("is written down, told, waited for, and told again with more patience each time", () => {
    const steps: string[] = [];
    let order: Asked["order"];
    for (let seconds = 0; seconds <= 300; seconds += 5) {
      const now = new Date(start + seconds * 1000);
      const step = powerStep({ ...quiet, facts: idleFacts, actual: "on", order, now });
      if (step.do === "watch") throw new Error("it is on, and shall be off");
      order = step.do === "tell" ? { ...step.order, toldAt: now } : step.order;
      if (step.do !== "verify") steps.push(`${seconds}: ${step.do} ${step.order.power} ${step.order.tries}`);
    }
    expect(steps).toEqual([
      "0: record off 1",
      "5: tell off 1",
      "35: record off 2",
      "40: tell off 2",
      "100: record off 3",
      "105: tell off 3",
      "225: record off 4",
      "230: tell off 4",
    ]);
  });

  test("asks a system that somebody wants off first, and cuts the power when it does not go", () => {
    const facts: Facts = {
      ...idleFacts,
      assignment: "made",
      installedAt: 1,
      runs: "system",
      powerAsked: "off",
    };
    const order = { power: "off", at: now, why: "off was asked for" } as const;
    const button = (tries: number) => {
      const step = powerStep({ ...quiet, facts, actual: "on", order: { ...order, tries } });
      return step.do === "tell" ? step.button : step.do;
    };
    expect([button(1), button(2)]).toEqual(["softOff", "off"]);
  });
});

describe("a machine that waits for a boot", () => {
  const facts: Facts = { ...idleFacts, wipedAt: 0, runs: "unseen" };
  const boot = {
    state: "booting",
    bootId: "b1",
    step: "turnedAway",
    plan: "agent",
    why: "",
    since: at(50),
  } as const;

  test.each<[string, Partial<Asked>, object]>([
    [
      "that was turned away two minutes ago is cycled",
      { boot: { ...boot, at: at(58) } },
      { do: "record", order: { power: "cycle", why: expect.stringContaining("asks no more") } },
    ],
    [
      "that was turned away a minute ago may ask again by itself",
      { boot: { ...boot, at: at(59) } },
      { do: "watch", until: at(61) },
    ],
    [
      "whose pxe-server was away, and has been back for five minutes without a word of it, is cycled",
      { boot: { ...boot, step: "unheard", at: at(55) } },
      { do: "record", order: { power: "cycle", why: expect.stringContaining("nothing was heard") } },
    ],
    [
      "whose pxe-server has just come back may be in its firmware",
      { boot: { ...boot, step: "unheard", at: at(58) } },
      { do: "watch", until: at(63) },
    ],
    [
      "that was cycled since is not cycled for that again",
      { boot: { ...boot, at: at(50) }, told: { power: "cycle", at: at(53), boot: "b1" } },
      { do: "watch" },
    ],
    [
      "that is being installed when it is released is cycled at once",
      {
        facts: { ...facts, wipeAsked: 2, wipedAt: 1, assignment: "leaving" },
        boot: { ...boot, step: "scripted", plan: "install", at: now },
      },
      { do: "record", order: { power: "cycle", why: "it was booted to be installed, and is to be wiped" } },
    ],
    [
      "that has just been installed when it is released may say so, and erase itself",
      {
        facts: { ...facts, wipeAsked: 2, wipedAt: 1, installedAt: 1, assignment: "leaving" },
        boot: { ...boot, step: "scripted", plan: "install", at: now },
      },
      { do: "watch" },
    ],
    [
      "whose agent came all the same is left alone",
      { facts: { ...facts, runs: "agent" }, boot: { ...boot, at: at(50) } },
      { do: "watch" },
    ],
  ])("%s", (_, change, expected) => {
    expect(powerStep({ ...quiet, facts, actual: "on", ...change })).toMatchObject(expected);
  });

  const tried = {
    stage: "wiping",
    why: "",
    since: at(0),
    progress: { is: "onTime", deadline: at(70), retries: 1 },
  } as const;
  test("is cycled once for each try, whatever was written down since", () => {
    const step = (change: Partial<Asked>) =>
      powerStep({ ...quiet, facts, actual: "on", status: tried, ...change });
    expect(step({})).toMatchObject({ do: "record", order: { power: "cycle" } });
    expect(step({ told: { power: "cycle", at: at(51) } })).toMatchObject({ do: "watch" });
    expect(step({ told: { power: "cycle", at: at(49) } })).toMatchObject({ do: "record" });
  });
});
