import { expect, test } from "vitest";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { Event } from "../resources/event.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import type { Stage } from "../resources/stages.ts";
import { EventRecorder } from "./event-recorder.ts";

test("each change of stage is one event, however many provisioners see it; they go with their machine", async () => {
  const state = new State({ store: new MemoryStore(), clock: systemClock });
  const life = state.as("Life");
  const say = (stage: Stage, at: number, why = "so") =>
    life.set(MachineStatus, "m1", {
      spec: { stage, why, since: new Date(at), progress: { is: "onTime", retries: 0 } },
    });
  await say("discovered", 1);
  const stop = new AbortController();
  const running = [1, 2].map(() => new EventRecorder(state).run(stop.signal));
  const told = async (count: number) => {
    for await (const _ of state.watch(Event, { signal: stop.signal })) {
      const { resources } = await state.list(Event);
      if (resources.length === count) return resources.map(({ spec }) => spec.what);
    }
    return [];
  };
  // Whoever follows has seen what was there before.
  await new Promise((resolve) => setImmediate(resolve));
  await say("inspecting", 2);
  await say("inspecting", 2, "still");
  await say("wiping", 3);
  expect(await told(2)).toEqual(["inspecting: so", "wiping: so"]);
  await life.destroy(MachineStatus, "m1");
  expect(await told(0)).toEqual([]);
  stop.abort();
  await Promise.allSettled(running);
});
