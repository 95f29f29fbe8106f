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
const agent = {
  spec: { state: "agent", kernelBootId: "k", version: "1", since: early, heardAt: late },
} as const;
const installation = (wipeId: number, since: Date) =>
  ({
    spec: { wipeId, evidence: "nodeApi", at: since, node: { is: "ready", since } },
  }) as const;
const cycledAt = (at: Date): Records["power"] => ({
  spec: {
    power: "on",
    since: early,
    readAt: late,
    order: { power: "cycle", at, tries: 1, why: "to be wiped", toldAt: at },
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
        wipe: {
          spec: { wipedAt: 1, run: { state: "done", wipeId: 1, ...attempt, endedAt: late, disks: [] } },
        },
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
      "the system runs since the agent did",
      { boot: agent, installation: installation(1, late) },
      { runs: "system", installedAt: 1 },
    ],
    [
      "the agent runs since the system did",
      { boot: { spec: { ...agent.spec, since: late } }, installation: installation(1, early) },
      { runs: "agent" },
    ],
    [
      "nothing is known to run on what is off",
      { boot: agent, power: { spec: { power: "off", since: late, readAt: late } } },
      { runs: "unseen", power: "off" },
    ],
    [
      "what was seen before a power cycle is no longer there",
      { installation: installation(1, early), power: cycledAt(late) },
      { runs: "unseen", installedAt: 1 },
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
    const wipe = (wipedAt: number): Records["wipe"] => ({
      spec: { wipedAt, run: { state: "done", wipeId: wipedAt, ...attempt, endedAt: late, disks: [] } },
    });
    const facts = (wipedAt: number) =>
      gatherFacts({ machine, installation: installation(1, early), wipe: wipe(wipedAt) });
    expect([isInstalled(facts(1)), isInstalled(facts(2)), isWipeDue(facts(1))]).toEqual([true, false, false]);
  });
});
