import { create, type MessageInitShape } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AttachResponseSchema } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import { closed, expiresMs, greet, hear, type Session, type Step, tick } from "./session.ts";

type Message = NonNullable<MessageInitShape<typeof AttachResponseSchema>["message"]>;
const heard = (session: Session, message: Message, nowMs = 0): Step =>
  hear(session, create(AttachResponseSchema, { message }), nowMs);

const welcome: Message = {
  case: "welcome",
  value: { machine: "m1", why: "idle", pingInterval: { seconds: 10n, nanos: 0 } },
};
const open = heard(greet(0), welcome).session;

describe("a session", () => {
  test("opens with the welcome, and sends the inventory", () => {
    const { session, effects } = heard(greet(0), welcome, 5);
    expect(session).toEqual({ is: "open", machine: "m1", why: "idle", heardMs: 5, patienceMs: 20_000 });
    expect(effects).toEqual([
      { do: "sendInventory" },
      { do: "say", text: "the provisioner knows this machine as m1: idle" },
    ]);
  });

  test("keeps patience of its own where the welcome names none", () => {
    const { session } = heard(greet(0), { case: "welcome", value: { machine: "m1" } });
    expect(session).toMatchObject({ is: "open", patienceMs: 60_000 });
  });

  test.each([
    ["an order before the welcome", greet(0), { case: "order", value: { id: "a" } }, "nonsense"],
    ["nothing known before the welcome", greet(0), { case: undefined }, "nonsense"],
    ["a second welcome", open, welcome, "nonsense"],
    ["being superseded", open, { case: "superseded", value: {} }, "superseded"],
    ["being superseded at once", greet(0), { case: "superseded", value: {} }, "superseded"],
  ] satisfies [string, Session, Message, string][])("ends by %s", (_, session, message, because) => {
    expect(heard(session, message).session).toMatchObject({ is: "over", ending: { because } });
  });

  test.each([
    ["an order", { case: "order", value: { id: "a" } }, { do: "order" }],
    ["a cancellation", { case: "cancel", value: { id: "a" } }, { do: "cancel", id: "a" }],
    ["a settlement", { case: "settle", value: { id: "a" } }, { do: "settle", id: "a" }],
    ["a wish for logs", { case: "logs", value: { all: true } }, { do: "logs", wish: { all: true } }],
    ["a call to renew", { case: "renew", value: {} }, { do: "renew" }],
    [
      "a ping",
      { case: "ping", value: { number: 7n } },
      { do: "send", message: { case: "pong", value: { number: 7n } } },
    ],
  ] satisfies [string, Message, object][])("acts on %s", (_, message, effect) => {
    const { session, effects } = heard(open, message, 9);
    expect(session).toMatchObject({ is: "open", heardMs: 9 });
    expect(effects).toMatchObject([effect]);
  });

  test("shows a new reason once", () => {
    const ping: Message = { case: "ping", value: { number: 1n, why: "waiting for its BMC" } };
    const first = heard(open, ping);
    expect(first.effects).toContainEqual({ do: "say", text: "the provisioner waits: waiting for its BMC" });
    expect(heard(first.session, ping).effects).toHaveLength(1);
  });

  test("goes on with what only a newer provisioner says", () => {
    expect(heard(open, { case: undefined }, 4)).toEqual({
      session: { ...open, heardMs: 4 },
      effects: [],
    });
  });

  test.each([
    ["a welcome that does not come", greet(0), 30_000],
    ["silence of two intervals", open, 20_000],
  ])("is over after %s, not before", (_, session, atMs) => {
    expect(expiresMs(session)).toBe(atMs);
    expect(tick(session, atMs - 1).session).toBe(session);
    expect(tick(session, atMs).session).toMatchObject({ is: "over", ending: { because: "silence" } });
  });

  test("once over stays over, for its first reason", () => {
    const over = closed(open, "the cable");
    expect(closed(over, "another").is).toBe("over");
    expect(closed(over, "another")).toBe(over);
    expect(heard(over, welcome)).toEqual({ session: over, effects: [] });
    expect(tick(over, 1e9)).toEqual({ session: over, effects: [] });
  });

  test("survives any messages in any order", () => {
    const message = fc.constantFrom<Message>(
      welcome,
      { case: "order", value: { id: "a" } },
      { case: "cancel", value: { id: "a" } },
      { case: "ping", value: { number: 1n, why: "x" } },
      { case: "superseded", value: {} },
      { case: undefined },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.nat(30_000)), { maxLength: 40, size: "max" }), (steps) => {
        let session = greet(0);
        let nowMs = 0;
        for (const [it, passed] of steps) {
          const wasOver = session.is === "over";
          nowMs += passed;
          session = heard(tick(session, nowMs).session, it, nowMs).session;
          if (wasOver) expect(session.is).toBe("over");
        }
      }),
    );
  });
});
