// One session with the provisioner as a state machine: what is heard goes in, what is to be done comes out. No socket,
// no clock.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { AttachRequestSchema, AttachResponse, LogWish } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import type { Order } from "../../api/gen/ingot/agent/v1/orders_pb.js";

export type Request = NonNullable<MessageInitShape<typeof AttachRequestSchema>["message"]>;

export type Session =
  /** The hello is sent, the welcome awaited. */
  | { readonly is: "greeting"; readonly sinceMs: number }
  | {
      readonly is: "open";
      readonly machine: string;
      readonly why: string;
      readonly heardMs: number;
      readonly patienceMs: number;
    }
  | { readonly is: "over"; readonly ending: Ending };

export type Ending =
  | { readonly because: "silence" | "superseded" | "nonsense"; readonly why: string }
  /** The stream ended or broke. */
  | { readonly because: "closed"; readonly why: string };

export type Effect =
  | { readonly do: "order"; readonly order: Order }
  | { readonly do: "cancel" | "settle"; readonly id: string }
  | { readonly do: "send"; readonly message: Request }
  | { readonly do: "sendInventory" }
  | { readonly do: "logs"; readonly wish: LogWish }
  | { readonly do: "renew" }
  /** For the console. */
  | { readonly do: "say"; readonly text: string };

export interface Step {
  readonly session: Session;
  readonly effects: readonly Effect[];
}

/** A provisioner under load may be late once; what is silent for two of its own intervals is gone. */
const missedPings = 2;
const usualPingMs = 30_000;
const welcomeMs = 30_000;

export const greet = (nowMs: number): Session => ({ is: "greeting", sinceMs: nowMs });

export function hear(session: Session, { message }: AttachResponse, nowMs: number): Step {
  if (session.is === "over") return { session, effects: [] };
  if (session.is === "greeting") {
    if (message.case === "superseded") return superseded();
    if (message.case !== "welcome")
      return over("nonsense", `the provisioner said ${message.case ?? "nothing we know"} before its welcome`);
    const { machine, why, pingInterval } = message.value;
    const pingMs = (pingInterval && durationMs(pingInterval)) || usualPingMs;
    return {
      session: { is: "open", machine, why, heardMs: nowMs, patienceMs: missedPings * pingMs },
      effects: [{ do: "sendInventory" }, say(`the provisioner knows this machine as ${machine}: ${why}`)],
    };
  }

  const heard: Session = { ...session, heardMs: nowMs };
  const doing = (...effects: readonly Effect[]): Step => ({ session: heard, effects });
  switch (message.case) {
    case "welcome":
      return over("nonsense", "the provisioner said welcome twice");
    case "superseded":
      return superseded();
    case "order":
      return doing({ do: "order", order: message.value });
    case "cancel":
      return doing({ do: "cancel", id: message.value.id });
    case "settle":
      return doing({ do: "settle", id: message.value.id });
    case "ping": {
      const { number, why } = message.value;
      const pong: Effect = { do: "send", message: { case: "pong", value: { number } } };
      if (why === "" || why === session.why) return doing(pong);
      return { session: { ...heard, why }, effects: [pong, say(`the provisioner waits: ${why}`)] };
    }
    case "logs":
      return doing({ do: "logs", wish: message.value });
    case "renew":
      return doing({ do: "renew" });
    case undefined:
      // A newer provisioner may say what this version does not know: it is alive, and that is all.
      return doing();
  }
}

/** When `tick` has to be called at the latest; undefined when there is nothing to wait for. */
export function expiresMs(session: Session): number | undefined {
  if (session.is === "greeting") return session.sinceMs + welcomeMs;
  return session.is === "open" ? session.heardMs + session.patienceMs : undefined;
}

export function tick(session: Session, nowMs: number): Step {
  const expiry = expiresMs(session);
  if (expiry === undefined || nowMs < expiry) return { session, effects: [] };
  if (session.is === "greeting") return over("silence", "the provisioner took the call and said no welcome");
  return over("silence", "the provisioner has gone silent");
}

export const closed = (session: Session, why: string): Session =>
  session.is === "over" ? session : { is: "over", ending: { because: "closed", why } };

const say = (text: string): Effect => ({ do: "say", text });

const superseded = () =>
  over(
    "superseded",
    "another machine, or another boot of this one, took over: two may have the same identity",
  );

function over(because: "silence" | "superseded" | "nonsense", why: string): Step {
  return { session: { is: "over", ending: { because, why } }, effects: [] };
}
