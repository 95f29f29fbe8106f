import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { HelloSchema } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { Admission } from "../resources/admission.ts";
import { AgentOrder } from "../resources/agent-order.ts";
import { Machine } from "../resources/machine.ts";
import { AgentSession } from "./agent-session.ts";

test("an order that was held back goes out soon after the machine may be touched again", async () => {
  const clock = new VirtualClock({ start: new Date("2026-01-01T00:00:00Z") });
  const state = new State({ store: new MemoryStore(), clock });
  const said: string[] = [];
  const session = new AgentSession({
    machine: "m1",
    hello: create(HelloSchema, { kernelBootId: "k1", version: "1" }),
    orders: async () => (await state.list(AgentOrder)).resources,
    state,
    clock,
    log: (text) => said.push(text),
  });
  await state.create(Machine, "m1", {
    spec: {
      identity: { macs: [] },
      admission: { is: "byRule" },
      wipeId: 1,
      retryId: 0,
      power: "automatic",
      boot: {},
    },
  });
  await state.create(AgentOrder, "o1", {
    spec: {
      machine: "m1",
      kernelBootId: "k1",
      deadline: new Date("2026-01-01T01:00:00Z"),
      why: "to be wiped",
      cancelled: false,
      what: { is: "wipe", wipeId: 1, parallel: 0, disks: [] },
    },
  });
  const stop = new AbortController();
  const silence = Promise.withResolvers<never>();
  const heard = { next: () => silence.promise };
  const told: string[] = [];
  const running = (async () => {
    const messages = session.run(heard, { signal: stop.signal, pingInterval: durationFromMs(10_000) });
    for await (const { message } of messages) told.push(message.case ?? "");
  })();
  await clock.advance(20_000);
  expect(told).toEqual(["welcome", "ping", "ping"]);
  expect(said.filter((line) => line.includes("held back"))).toHaveLength(1);
  const accepted = { state: "accepted", by: "ann", why: "", at: clock.now() } as const;
  await state.create(Admission, "m1", { spec: accepted });
  await clock.advance(10_000);
  expect(told).toContain("order");
  await clock.advance(10_000);
  expect(told.filter((one) => one === "order")).toHaveLength(1);
  stop.abort();
  await running;
});
