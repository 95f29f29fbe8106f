// The tables of a machine's life, over every combination of facts that there is: not samples.
import { describe, expect, test } from "vitest";
import { stages } from "../resources/stages.ts";
import { bootMode } from "./boot-mode.ts";
import { type Facts, isInstalled, isWipeDue } from "./facts.ts";
import { actions, legalActions, refusal } from "./legal-actions.ts";
import { nextStep } from "./next-step.ts";
import { powerWanted } from "./power-wanted.ts";
import { idleFacts } from "./practice-facts.ts";
import { rebootNeeded } from "./reboot-needed.ts";
import { wipeNeeded } from "./wipe-needed.ts";

const domain = {
  admission: ["waiting", "accepted", "rejected"],
  cordoned: [false, true],
  removing: [false, true],
  conflicted: [false, true],
  inspected: [false, true],
  assignment: ["none", "made", "leaving"],
  // Before, at and after one another is all that numbers can be.
  wipeAsked: [1, 2],
  wipedAt: [0, 1, 2],
  installedAt: [undefined, 1, 2],
  wipe: ["idle", "running", "failed"],
  runs: ["agent", "system", "unseen"],
  ready: [false, true],
  resets: [false, true],
  bmc: ["none", "noAccount", "ready"],
  power: ["on", "off", "unknown"],
  powerAsked: ["automatic", "on", "off"],
  gaveUp: [false, true],
} as const satisfies { readonly [Name in keyof Facts]: readonly Facts[Name][] };

function* combinations(names = Object.keys(domain) as (keyof Facts)[]): Generator<Partial<Facts>> {
  const [name, ...rest] = names;
  if (name === undefined) return yield {};
  for (const others of combinations(rest))
    for (const value of domain[name])
      if (name !== "runs" || canRun(value, others)) yield { ...others, [name]: value };
}

/** Only systems say that they are ready, or can be told to erase themselves. */
const canRun = (runs: unknown, { ready, resets }: Partial<Facts>) => runs === "system" || (!ready && !resets);

const decisions = (facts: Facts) => ({
  boot: bootMode(facts).is,
  wipe: wipeNeeded(facts).is,
  power: powerWanted(facts).is,
  reboot: rebootNeeded(facts).is,
  step: nextStep(facts),
});
type Decisions = ReturnType<typeof decisions>;

const untouchable = (f: Facts) => f.admission !== "accepted" || f.cordoned || f.removing || f.conflicted;
const acts = (d: Decisions) => d.wipe === "begin" || d.power !== "leave" || d.reboot !== "no";
const isUsed = (f: Facts) => f.assignment === "made" && isInstalled(f) && !isWipeDue(f);

/** What must hold whatever is true: the premise, and what then must not be. */
const never: Readonly<Record<string, (f: Facts, d: Decisions) => boolean>> = {
  "touches a machine that is not accepted, rejected, cordoned, leaving or in conflict": (f, d) =>
    untouchable(f) && (acts(d) || d.boot === "install"),
  "network boots a machine that was rejected or cordoned": (f, d) =>
    (f.admission === "rejected" || f.cordoned) && d.boot !== "alone",
  "wipes what nobody asked to be wiped": (f, d) => d.wipe === "begin" && !isWipeDue(f),
  "begins a wipe over one that is running": (f, d) => d.wipe === "begin" && f.wipe === "running",
  "begins again by itself what failed": (f, d) => d.wipe === "begin" && (f.wipe === "failed" || f.gaveUp),
  "wipes by anything but an attached agent that has told its disks": (f, d) =>
    d.wipe === "begin" && (f.runs !== "agent" || !f.inspected),
  "installs on disks that were not wiped as asked": (f, d) => d.boot === "install" && isWipeDue(f),
  "installs over an installed system": (f, d) => d.boot === "install" && isInstalled(f),
  "installs on a machine that is nobody's": (f, d) => d.boot === "install" && f.assignment !== "made",
  "boots an old system when the machine is to be wiped": (f, d) => d.boot === "disk" && isWipeDue(f),
  "boots a machine that is in use from anything but its disk": (f, d) =>
    isUsed(f) && f.admission === "accepted" && !f.cordoned && !f.removing && d.boot !== "disk",
  "reboots a running system that nobody released or had wiped": (f, d) =>
    f.runs === "system" && d.reboot !== "no" && f.assignment !== "leaving" && !isWipeDue(f),
  "reboots during a wipe": (f, d) => f.wipe === "running" && d.reboot !== "no",
  "reboots an idle machine": (f, d) =>
    f.assignment === "none" && !isWipeDue(f) && f.runs === "agent" && d.reboot !== "no",
  "turns a machine off before its inventory is in, unless its system is installed": (f, d) =>
    d.power === "off" && !f.inspected && !isInstalled(f),
  "turns a machine off during a wipe": (f, d) => d.power === "off" && f.wipe === "running",
  "turns a machine off by itself when nothing could turn it on again": (f, d) =>
    d.power === "off" && f.powerAsked !== "off" && f.bmc !== "ready",
  "turns a machine off by itself when it is assigned": (f, d) =>
    d.power === "off" && f.powerAsked !== "off" && f.assignment !== "none",
  "turns on or reboots what somebody turned off, but to let a wipe end": (f, d) =>
    f.powerAsked === "off" && f.wipe !== "running" && (d.power === "on" || d.reboot !== "no"),
  "says pool of a machine that is not clean, known and free": (f, d) =>
    d.step.stage === "pool" &&
    (untouchable(f) || isWipeDue(f) || f.assignment !== "none" || f.wipe !== "idle"),
  "says running without a system that answers and is ready": (f, d) =>
    d.step.stage === "running" &&
    (f.runs !== "system" || !f.ready || !isInstalled(f) || f.assignment !== "made"),
};

/** From every stage on the way there is something that moves the machine on. */
const always: Readonly<Record<string, (f: Facts, d: Decisions) => boolean>> = {
  "a wipe that is due begins, or is waited for with the power on, or is said to be held up": (f, d) =>
    !isWipeDue(f) ||
    untouchable(f) ||
    ["begin", "underWay"].includes(d.wipe) ||
    (d.wipe === "wait" && d.boot === "agent" && d.power === "on") ||
    ["failed", "stopped"].includes(d.step.stage) ||
    f.powerAsked === "off",
  "a wipe that waits for the agent while the system runs has the machine rebooted": (f, d) =>
    !(d.wipe === "wait" && f.inspected && f.runs === "system" && f.power !== "off" && d.power === "on") ||
    d.reboot === (f.resets ? "byNode" : "byBmc"),
  "a machine that is to be installed while its agent runs is rebooted": (f, d) =>
    !(d.boot === "install" && f.runs === "agent" && f.power !== "off" && d.power === "on") ||
    f.wipe === "running" ||
    d.reboot === "byAgent",
};

test("every table answers every combination of facts, and keeps what must hold", () => {
  const broken = new Map<string, Facts>();
  const met = new Set<string>();
  let count = 0;
  for (const facts of combinations() as Generator<Facts>) {
    const all = decisions(facts);
    count += 1;
    met.add(all.step.stage);
    for (const [law, breaks] of Object.entries(never)) {
      if (!broken.has(`never ${law}`) && breaks(facts, all)) broken.set(`never ${law}`, facts);
    }
    for (const [law, holds] of Object.entries(always)) {
      if (!broken.has(`always: ${law}`) && !holds(facts, all)) broken.set(`always: ${law}`, facts);
    }
  }
  expect(Object.fromEntries(broken)).toEqual({});
  // Of the twelve combinations of runs, ready and resets there are six.
  expect(count).toBe(Object.values(domain).reduce((product, { length }) => product * length, 6 / 12));
  expect([...met].toSorted()).toEqual([...stages].toSorted());
}, 120_000);

test("the laws themselves can be broken: each one is about facts that occur", () => {
  // A decision that does everything at once must break every law that forbids something.
  const reckless = { boot: "install", wipe: "begin", power: "off", reboot: "byBmc" } as const;
  const others = [
    { boot: "disk", wipe: "begin", power: "on", reboot: "byAgent", stage: "pool" },
    { ...reckless, stage: "running" },
  ] as const;
  const unbroken = new Set(Object.keys(never));
  for (const facts of combinations() as Generator<Facts>) {
    for (const { stage, ...rest } of others) {
      const all: Decisions = { ...rest, step: { ...nextStep(facts), stage } };
      for (const law of unbroken) if (never[law]!(facts, all)) unbroken.delete(law);
    }
    if (unbroken.size === 0) break;
  }
  expect([...unbroken]).toEqual([]);
}, 120_000);

const assigned: Partial<Facts> = { assignment: "made" };
const installed: Partial<Facts> = { ...assigned, installedAt: 1, runs: "system", ready: true };

describe("a machine's way, as its tables tell it", () => {
  test.each<[story: string, facts: Partial<Facts>, expected: string]>([
    [
      "seen for the first time",
      { admission: "waiting", inspected: false, wipedAt: 0 },
      "discovered; boots agent; wipe leave; power leave; reboot no",
    ],
    [
      "accepted, its inventory still to come",
      { inspected: false, wipedAt: 0, runs: "unseen" },
      "inspecting; boots agent; wipe wait; power on; reboot no",
    ],
    ["accepted and known", { wipedAt: 0 }, "wiping; boots agent; wipe begin; power on; reboot no"],
    [
      "its wipe runs",
      { wipedAt: 0, wipe: "running" },
      "wiping; boots agent; wipe underWay; power on; reboot no",
    ],
    [
      "its wipe failed",
      { wipedAt: 0, wipe: "failed" },
      "failed; boots agent; wipe leave; power leave; reboot no",
    ],
    [
      "clean, its BMC without an account",
      { bmc: "noAccount" },
      "settingUpBmc; boots agent; wipe clean; power leave; reboot no",
    ],
    ["in the pool", {}, "pool; boots agent; wipe clean; power off; reboot no"],
    [
      "assigned while off",
      { ...assigned, runs: "unseen", power: "off" },
      "installing; boots install; wipe clean; power on; reboot no",
    ],
    ["assigned while on", assigned, "installing; boots install; wipe clean; power on; reboot byAgent"],
    [
      "installed, and not ready",
      { ...installed, ready: false },
      "starting; boots disk; wipe clean; power on; reboot no",
    ],
    [
      "installed",
      { ...installed, runs: "unseen", ready: false },
      "starting; boots disk; wipe clean; power on; reboot no",
    ],
    ["running", installed, "running; boots disk; wipe clean; power on; reboot no"],
    [
      "running, its power asked off",
      { ...installed, powerAsked: "off" },
      "stopped; boots disk; wipe clean; power off; reboot no",
    ],
    [
      "adopted: never inspected, never wiped",
      { ...installed, inspected: false },
      "running; boots disk; wipe clean; power on; reboot no",
    ],
    [
      "released while it runs",
      { ...installed, assignment: "leaving", wipeAsked: 2 },
      "releasing; boots agent; wipe wait; power on; reboot byBmc",
    ],
    [
      "released, its agent attached",
      { installedAt: 1, assignment: "leaving", wipeAsked: 2 },
      "releasing; boots agent; wipe begin; power on; reboot no",
    ],
    [
      "released and clean",
      { assignment: "leaving", wipeAsked: 2, wipedAt: 2, installedAt: 1 },
      "releasing; boots agent; wipe clean; power leave; reboot no",
    ],
    [
      "running, then cordoned",
      { ...installed, cordoned: true },
      "cordoned; boots alone; wipe leave; power leave; reboot no",
    ],
    [
      "running, while a machine with its UUID appears",
      { ...installed, conflicted: true },
      "conflicted; boots disk; wipe leave; power leave; reboot no",
    ],
  ])("%s", (_, facts, expected) => {
    const all = decisions({ ...idleFacts, ...facts });
    const told = `${all.step.stage}; boots ${all.boot}; wipe ${all.wipe}; power ${all.power}; reboot ${all.reboot}`;
    expect(told).toBe(expected);
  });
});

describe("what an operator may do", () => {
  test("is never to hurt: over every combination of facts", () => {
    const broken = new Map<string, Facts>();
    const offered = new Set<string>();
    for (const facts of combinations(names) as Generator<Facts>) {
      const whole = { ...idleFacts, ...facts };
      const legal = new Set(legalActions(whole));
      for (const action of legal) offered.add(action);
      const { stage } = nextStep(whole);
      const laws: Readonly<Record<string, boolean>> = {
        "nothing can be done": legal.size === 0 && stage !== "removing" && !(stage === "releasing"),
        "an unaccepted machine is wiped or assigned":
          whole.admission !== "accepted" &&
          (legal.has("wipe") || legal.has("assign") || legal.has("reinstall")),
        "a machine in use is wiped, rejected or removed without being released":
          whole.assignment !== "none" && (legal.has("wipe") || legal.has("reject") || legal.has("remove")),
        "an unclean machine is assigned": isWipeDue(whole) && legal.has("assign"),
        "what failed cannot be tried again": stage === "failed" && !legal.has("retry"),
        "power is cut during a wipe":
          whole.wipe === "running" && (legal.has("powerOff") || legal.has("powerCycle")),
      };
      for (const [law, breaks] of Object.entries(laws)) if (breaks) broken.set(law, whole);
    }
    expect(Object.fromEntries(broken)).toEqual({});
    expect([...offered].toSorted()).toEqual(actions.toSorted());
  }, 120_000);

  // Those that no table of actions looks at stay as they are in the pool.
  const names = (Object.keys(domain) as (keyof Facts)[]).filter((name) => name !== "power");

  test.each<[Partial<Facts>, Parameters<typeof refusal>[0], string | undefined]>([
    [{}, "assign", undefined],
    [{ wipedAt: 0 }, "assign", "it is being wiped: its disks are to be wiped"],
    [{ wipe: "failed", wipedAt: 0, assignment: "made" }, "remove", "it is assigned: release it first"],
    [{ admission: "waiting" }, "wipe", "it is not accepted: nobody has accepted it yet"],
    [{ bmc: "none" }, "powerCycle", "there is no account to its BMC"],
    [installed, "release", undefined],
    [{ ...installed, assignment: "leaving" }, "release", "it is being released: it leaves its assignment"],
  ])("%o: %s is refused because %s", (facts, action, why) => {
    expect(refusal(action, { ...idleFacts, ...facts })).toBe(why);
  });
});
