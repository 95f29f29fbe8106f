import { describe, expect, test } from "vitest";
import { type Phase, runPhases } from "./phases.ts";

type Log = string[];

const say = (name: string) => ({ name, run: (log: Log) => void log.push(name) });
const fail = (name: string) => ({ name, run: () => Promise.reject(new Error("no such disk")) });
const never = new AbortController().signal;

function run(phases: readonly Phase<Log>[], signal = never) {
  const log: Log = [];
  const ended: string[] = [];
  const done = runPhases(phases, log, {
    now: () => 0,
    signal,
    progress: {
      phase: (phase, action) => ended.push(`${phase} ${action}`),
      began: (phase, task) => ended.push(`${phase}/${task} begins`),
      ended: (phase, task, _, error) => ended.push(`${phase}/${task}${error ? " failed" : ""}`),
    },
  });
  return { log, ended, done };
}

describe("a sequence of phases", () => {
  test("runs phase after phase", async () => {
    const { log, ended, done } = run([
      { name: "first", tasks: [say("a"), say("b")] },
      { name: "second", tasks: [say("c")] },
    ]);
    await done;
    expect(log).toEqual(["a", "b", "c"]);
    expect(ended).toEqual([
      ...["first start", "first/a begins", "first/b begins", "first/a", "first/b", "first stop"],
      ...["second start", "second/c begins", "second/c", "second stop"],
    ]);
  });

  test("leaves out a phase that has nothing to do", async () => {
    const { log, ended, done } = run([
      { name: "first", tasks: [say("a")], when: () => Promise.resolve(false) },
      { name: "second", tasks: [say("b")], when: (log) => log.length === 0 },
    ]);
    await done;
    expect(log).toEqual(["b"]);
    expect(ended[0]).toBe("second start");
  });

  test("a failing task lets its phase end, stops the sequence, and is named", async () => {
    const { log, ended, done } = run([
      { name: "first", tasks: [fail("mount"), say("beside")] },
      { name: "second", tasks: [say("never")] },
    ]);
    await expect(done).rejects.toThrow("Cannot finish task mount of phase first: no such disk");
    expect(log).toEqual(["beside"]);
    expect(ended).toEqual([
      ...["first start", "first/mount begins", "first/beside begins"],
      ...["first/mount failed", "first/beside", "first stop"],
    ]);
  });

  test("starts no phase once it was told to stop", async () => {
    const { log, done } = run(
      [{ name: "first", tasks: [say("a")] }],
      AbortSignal.abort(new Error("shutting down")),
    );
    await expect(done).rejects.toThrow("shutting down");
    expect(log).toEqual([]);
  });
});
