import { describe, expect, test } from "vitest";
import { Journal, type Step } from "./journal.ts";
import type { Phase } from "./phases.ts";
import { ProblemLog } from "./problems.ts";
import { Sequencer } from "./sequencer.ts";
import { stageAfter } from "./stage.ts";

const signal = new AbortController().signal;
const phase = (name: string, run: () => void = () => {}): Phase<undefined> => ({
  name,
  tasks: [{ name: `${name} task`, run }],
});

function machine() {
  const journal = new Journal();
  const log = new ProblemLog({ write: () => {} }, () => new Date(0));
  const sequencer = new Sequencer({ context: undefined, journal, log, now: () => 0 });
  const told = () => {
    const steps: Step[] = [];
    journal.follow((step) => steps.push(step));
    return steps;
  };
  return { journal, sequencer, told };
}

const words = (step: Step) =>
  [step.sequence, step.of === "sequence" ? "" : step.phase, step.of === "task" ? step.task : "", step.action]
    .filter((word) => word !== "")
    .join(" ");

describe("a sequence", () => {
  test("is told of step by step, also to who listens later", async () => {
    const { sequencer, told } = machine();
    await sequencer.run({ name: "reboot", actorId: "actor", phases: [phase("cleanup")] }, signal);
    expect(told().map(words)).toEqual([
      "reboot start",
      "reboot cleanup start",
      "reboot cleanup cleanup task start",
      "reboot cleanup cleanup task stop",
      "reboot cleanup stop",
      "reboot stop",
    ]);
    expect(new Set(told().map(({ actorId }) => actorId))).toEqual(new Set(["actor"]));
  });

  test("that fails says why", async () => {
    const { sequencer, told } = machine();
    const broken = phase("volumes", () => {
      throw new Error("no such disk");
    });
    await expect(sequencer.run({ name: "boot", phases: [broken] }, signal)).rejects.toThrow("no such disk");
    expect(told().at(-1)).toMatchObject({
      of: "sequence",
      action: "stop",
      error: "Cannot finish task volumes task of phase volumes: no such disk",
    });
  });

  test("for which there is nothing to do leaves its phases to others", async () => {
    const { sequencer, told } = machine();
    const shared = phase("services");
    await sequencer.run({ name: "install", phases: [shared], when: () => false }, signal);
    await sequencer.run({ name: "boot", phases: [shared], when: () => true }, signal);
    expect(told().map(words)[0]).toBe("boot start");
    expect(told().map(words)).toContain("boot services services task stop");
  });

  test("does not repeat a phase that another one has run", async () => {
    const { sequencer } = machine();
    let runs = 0;
    const shared = phase("services", () => void (runs += 1));
    await sequencer.run({ name: "initialize", phases: [shared] }, signal);
    await sequencer.run({ name: "boot", phases: [shared] }, signal);
    expect(runs).toBe(1);
  });
});

const step = (sequence: Step["sequence"], action: Step["action"], rest: object = {}) =>
  ({ of: "sequence", sequence, action, actorId: "", ...rest }) as Step;

test.each<[Step, string | undefined]>([
  [step("initialize", "start"), "booting"],
  [step("initialize", "stop"), undefined],
  [
    step("initialize", "start", { of: "task", phase: "maintenance", task: "runningMaintenance" }),
    "maintenance",
  ],
  [step("initialize", "stop", { of: "task", phase: "maintenance", task: "runningMaintenance" }), "booting"],
  [step("install", "start"), undefined],
  [step("upgrade", "stop", { error: "the disk is full" }), "running"],
  [step("upgrade", "stop"), undefined],
  [step("install", "start", { of: "phase", phase: "install" }), "installing"],
  [step("boot", "stop"), "running"],
  [step("boot", "stop", { error: "no such disk" }), undefined],
  [step("reboot", "start"), "rebooting"],
  [step("shutdown", "start"), "shutting down"],
  [step("reset", "start"), "resetting"],
  [step("upgrade", "start"), "upgrading"],
])("after %j the machine is at: %s", (last, stage) => {
  expect(stageAfter(last)).toBe(stage);
});
