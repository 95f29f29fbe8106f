import { fromBinary } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import { SequenceEventSchema } from "../../../api/gen/machine/events_pb.js";
import { EventStream, type MachineEvent } from "./event-stream.ts";
import { isXid, xidMaker } from "./xid.ts";

let now: Date;
let events: EventStream;
let stop: AbortController;
beforeEach(() => {
  now = new Date("2026-08-14T12:00:00Z");
  stop = new AbortController();
  events = new EventStream({ now: () => now, nextId: xidMaker(Buffer.alloc(5, 7), () => now) });
});

const tell = (sequence: string, actorId?: string) =>
  events.publish(SequenceEventSchema, { sequence }, actorId);
const sequenceOf = ({ value }: MachineEvent) => fromBinary(SequenceEventSchema, value).sequence;

describe("events", () => {
  test("are seen by who watches, as they happen", async () => {
    tell("before");
    const watch = events.watch({ signal: stop.signal });
    const first = watch.next();
    tell("boot");
    const { value } = await first;
    expect(sequenceOf(value as MachineEvent)).toBe("boot");
    expect(value).toMatchObject({ typeUrl: "talos/runtime/machine.SequenceEvent", at: now });
    stop.abort();
    expect(await watch.next()).toMatchObject({ done: true });
  });

  test.each([
    ["nothing", {}, []],
    ["the last two", { events: 2 }, ["b", "c"]],
    ["more than there are", { events: 99 }, ["a", "b", "c"]],
    ["all", { events: -1 }, ["a", "b", "c"]],
    ["the last ten seconds", { seconds: 10 }, ["b", "c"]],
  ])("%s of what was before can be asked for", async (_, tail, expected) => {
    tell("a");
    now = new Date(now.getTime() + 60_000);
    tell("b");
    tell("c");
    const watch = events.watch({ tail, signal: stop.signal });
    const next = Array.fromAsync(expected, async () =>
      sequenceOf((await watch.next()).value as MachineEvent),
    );
    expect(await next).toEqual(expected);
    stop.abort();
  });

  test("after one that is known go on from there", async () => {
    tell("a");
    const watch = events.watch({ tail: { events: 1 }, signal: stop.signal });
    const { id } = (await watch.next()).value as MachineEvent;
    tell("b");
    const rest = events.watch({ tail: { afterId: id }, signal: stop.signal });
    expect(sequenceOf((await rest.next()).value as MachineEvent)).toBe("b");
    stop.abort();
  });

  test("of one actor can be watched alone", async () => {
    const watch = events.watch({ actorId: "me", signal: stop.signal });
    const next = watch.next();
    tell("theirs", "other");
    tell("mine", "me");
    expect(sequenceOf((await next).value as MachineEvent)).toBe("mine");
    stop.abort();
  });

  test("are forgotten, the oldest first, and a late reader goes on with what is left", async () => {
    const watch = events.watch({ tail: { events: -1 }, signal: stop.signal });
    for (let at = 0; at < 1500; at += 1) tell(String(at));
    expect(sequenceOf((await watch.next()).value as MachineEvent)).toBe("500");
    stop.abort();
  });
});

test("identifiers sort by when they were made, also when the clock is set back", () => {
  let time = 1_786_000_000_000;
  const next = xidMaker(Buffer.alloc(5, 0xff), () => new Date(time));
  const ids = [next(), next()];
  time -= 3_600_000;
  ids.push(next());
  time += 7_200_000;
  ids.push(next());
  expect(ids.every(isXid)).toBe(true);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(4);
});
