import { describe, expect, test } from "vitest";
import { type Facts, gatherFacts, isInstalled, isWipeDue, type Records } from "./facts.ts";

const early = new Date("2026-01-01T00:00:00Z");
const late = new Date("2026-01-01T01:00:00Z");
const running = { metadata: { phase: "running" } } as const;
const leaving = { metadata: { phase: "tearingDown" } } as const;

const machine = {
  ...running,
  spec: {
    identity: { macs: [] },
    admission: { is: "byRule" },
    wipeId: 1,
    retryId: 0,
    power: "automatic",
    boot: {},
  },
} satisfies Records["machine"];
const attempt = { attempt: 1, orderId: "o", startedAt: early };
const assignment = (
  how: "install" | "adopt",
  wipeId: number,
  is: typeof running | typeof leaving = running,
) => ({
  ...is,
  spec: { profile: "p", how, wipeId },
});
const written = (version: bigint) => ({ metadata: { version } }) as const;
const agent = {
  ...written(5n),
  spec: { state: "agent", kernelBootId: "k", version: "1", since: early, heardAt: late },
} as const;
const installation = (wipeId: number, since: Date, version = 4n) =>
  ({
    ...written(version),
    spec: { wipeId, evidence: "nodeApi", at: since, node: { is: "ready", since } },
  }) as const;
const cycledAt = (at: Date, seen: { agent?: string; system?: Date } = {}): Records["power"] => ({
  spec: {
    power: "on",
    since: early,
    readAt: late,
    order: { power: "cycle", at, tries: 1, why: "to be wiped", toldAt: at },
    told: { power: "cycle", at, ...seen },
  },
});
const gaveUp = {
  spec: {
    stage: "failed",
    why: "",
    since: early,
    progress: { is: "gaveUp", at: early, step: "installing", why: "", retryId: 0 },
  },
} satisfies Records["status"];

const heardAt = (minutes: number) => ({
  ...agent,
  spec: { ...agent.spec, heardAt: new Date(early.getTime() + minutes * 60_000) },
});
const doneUnder = (wipedAt: number): Records["wipe"] => ({
  spec: { wipedAt, run: { state: "done", wipeId: wipedAt, ...attempt, endedAt: late, disks: [] } },
});

describe("the records of a machine amount to facts", () => {
  test.each<[string, Partial<Records>, Partial<Facts>]>([
    [
      "nothing but the machine",
      {},
      {
        admission: "waiting",
        inspected: false,
        wipeAsked: 1,
        wipedAt: 0,
        runs: "unseen",
        bmc: "none",
        power: "unknown",
        assignment: "none",
      },
    ],
    [
      "wiped",
      {
        wipe: doneUnder(1),
      },
      { wipedAt: 1, wipe: "idle" },
    ],
    [
      "an interrupted wipe is none",
      {
        wipe: {
          spec: { wipedAt: 0, run: { state: "interrupted", wipeId: 1, ...attempt, endedAt: late, why: "" } },
        },
      },
      { wipedAt: 0, wipe: "idle" },
    ],
    [
      "a failed wipe",
      {
        wipe: {
          spec: {
            wipedAt: 0,
            run: { state: "failed", wipeId: 1, ...attempt, endedAt: late, why: "", disks: [] },
          },
        },
      },
      { wipe: "failed" },
    ],
    [
      "a failed wipe that was asked for again",
      {
        machine: { ...machine, spec: { ...machine.spec, wipeId: 2 } },
        wipe: {
          spec: {
            wipedAt: 0,
            run: { state: "failed", wipeId: 1, ...attempt, endedAt: late, why: "", disks: [] },
          },
        },
      },
      { wipe: "idle", wipeAsked: 2 },
    ],
    [
      "an assignment that leaves asks for the next wipe",
      { assignment: assignment("install", 3, leaving) },
      { assignment: "leaving", wipeAsked: 4 },
    ],
    [
      "adoption waives the wipe and counts as installed",
      { assignment: assignment("adopt", 1) },
      { wipedAt: 1, wipeAsked: 1, installedAt: 1 },
    ],
    [
      "an adopted machine that leaves is wiped",
      { assignment: assignment("adopt", 1, leaving) },
      { wipedAt: 1, wipeAsked: 2 },
    ],
    ["the agent runs", { boot: agent }, { runs: "agent" }],
    [
      "the system runs, of which there was news after that of the agent",
      { boot: agent, installation: installation(1, late, 6n) },
      { runs: "system", installedAt: 1 },
    ],
    [
      "the agent runs, of which there was news after that of the system, though the clock was set back in between",
      { boot: agent, installation: installation(1, late, 4n) },
      { runs: "agent" },
    ],
    [
      "a system that was wiped since does not run, whatever was seen of it when",
      { boot: agent, installation: installation(1, late, 6n), wipe: doneUnder(2) },
      { runs: "agent", wipedAt: 2 },
    ],
    [
      "nothing is known to run on what is off",
      { boot: agent, power: { spec: { power: "off", since: late, readAt: late } } },
      { runs: "unseen", power: "off" },
    ],
    [
      "what was seen before a power cycle is no longer there",
      { installation: installation(1, early), power: cycledAt(late, { system: early }) },
      { runs: "unseen", installedAt: 1 },
    ],
    [
      "nor is it if the clock was set back between the two",
      { installation: installation(1, late), power: cycledAt(early, { system: late }) },
      { runs: "unseen" },
    ],
    [
      "an agent of the boot before a power cycle is gone, however long its stream takes to break",
      { boot: heardAt(1), power: cycledAt(early, { agent: "k" }) },
      { runs: "unseen" },
    ],
    [
      "an agent that is heard of long after the cycle that would have ended it shows that the cycle was lost",
      { boot: heardAt(2), power: cycledAt(early, { agent: "k" }) },
      { runs: "agent" },
    ],
    [
      "an agent of another boot runs, though the clock was set back after the cycle",
      { boot: agent, power: cycledAt(late, { agent: "j" }) },
      { runs: "agent" },
    ],
    [
      "what comes in the seconds before a cycle takes effect may be about to end",
      { boot: heardAt(0), power: cycledAt(early, { agent: "j" }) },
      { runs: "unseen" },
    ],
    [
      "what was seen after a power cycle is",
      { installation: installation(1, late), power: cycledAt(early) },
      { runs: "system" },
    ],
    ["Ingot gave up", { status: gaveUp }, { gaveUp: true }],
    [
      "somebody said to try again",
      { status: gaveUp, machine: { ...machine, spec: { ...machine.spec, retryId: 1 } } },
      { gaveUp: false },
    ],
    ["being removed", { machine: { ...machine, ...leaving } }, { removing: true }],
  ])("%s", (_, records, expected) => {
    expect(gatherFacts({ machine, ...records })).toMatchObject(expected);
  });

  test("a wipe takes an installation away, and nobody has to say so", () => {
    const facts = (wipedAt: number) =>
      gatherFacts({ machine, installation: installation(1, early), wipe: doneUnder(wipedAt) });
    expect([isInstalled(facts(1)), isInstalled(facts(2)), isWipeDue(facts(1))]).toEqual([true, false, false]);
  });
});
