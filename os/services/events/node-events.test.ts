import { fromBinary, toJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  MachineStatusEventSchema,
  PhaseEventSchema,
  SequenceEventSchema,
  TaskEventSchema,
} from "../../../api/gen/machine/events_pb.js";
import { State } from "../../../cosi/state.ts";
import { MemoryStore } from "../../../cosi/stores/memory.ts";
import { VirtualClock } from "../../../cosi/virtual-clock.ts";
import { Journal } from "../../machined/journal.ts";
import { MachineStatus } from "../../resources/runtime/node.ts";
import { EventStream } from "./event-stream.ts";
import { tellOfStatus } from "./status-events.ts";
import { tellOfSteps } from "./step-events.ts";

const schemas = [SequenceEventSchema, PhaseEventSchema, TaskEventSchema, MachineStatusEventSchema];

/** What a client that asks for everything from the beginning is told first. */
async function told(events: EventStream, count: number): Promise<unknown[]> {
  const stop = new AbortController();
  const read: unknown[] = [];
  for await (const { typeUrl, value, actorId } of events.watch({
    tail: { events: -1 },
    signal: stop.signal,
  })) {
    const schema = schemas.find(({ typeName }) => typeUrl === `talos/runtime/${typeName}`)!;
    read.push({ [schema.name]: toJson(schema, fromBinary(schema, value)), ...(actorId && { actorId }) });
    if (read.length === count) stop.abort();
  }
  return read;
}

function stream() {
  let id = 0;
  return new EventStream({ now: () => new Date(0), nextId: () => String((id += 1)).padStart(20, "0") });
}

test("the steps of a sequence are events, with whose request they are", async () => {
  const journal = new Journal();
  const events = stream();
  const step = {
    sequence: "reboot",
    phase: "stopEverything",
    task: "stopAllServices",
    actorId: "a",
  } as const;
  journal.tell({ of: "sequence", action: "start", ...step });
  tellOfSteps(journal, events);
  journal.tell({ of: "phase", action: "start", ...step });
  journal.tell({ of: "task", action: "start", ...step });
  journal.tell({ of: "sequence", action: "stop", error: "no such disk", ...step });
  expect(await told(events, 5)).toEqual([
    { SequenceEvent: { sequence: "reboot", action: "START" }, actorId: "a" },
    { PhaseEvent: { phase: "stopEverything" }, actorId: "a" },
    { TaskEvent: { task: "stopAllServices" }, actorId: "a" },
    {
      SequenceEvent: { sequence: "reboot", action: "STOP", error: { message: "no such disk" } },
      actorId: "a",
    },
    { SequenceEvent: { sequence: "reboot", error: { message: "no such disk" } }, actorId: "a" },
  ]);
});

test("each change of the machine's status is an event", async () => {
  const events = stream();
  const state = new State({ store: new MemoryStore({ history: 10 }), clock: new VirtualClock() });
  const stop = new AbortController();
  const telling = tellOfStatus(state, events, stop.signal);
  const unmet = [{ name: "time", reason: "time is not synced" }];
  const set = (stage: "booting" | "shutting down", unmetConditions: typeof unmet) =>
    state.set(MachineStatus, "machine", {
      spec: { stage, status: { ready: unmetConditions.length === 0, unmetConditions } },
    });
  await set("booting", unmet);
  await set("shutting down", []);
  expect(await told(events, 2)).toEqual([
    { MachineStatusEvent: { stage: "BOOTING", status: { unmetConditions: unmet } } },
    { MachineStatusEvent: { stage: "SHUTTING_DOWN", status: { ready: true } } },
  ]);
  stop.abort();
  await telling;
});
