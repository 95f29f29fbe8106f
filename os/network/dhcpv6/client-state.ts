// A DHCPv6 client as a pure function (RFC 8415 §18): a state and an event give the next state, what to send and when to
// look again. It asks for one address.
import type { Dhcpv6Message } from "../../../wire/dhcpv6/message.ts";
import { type Lease6, leaseOf } from "./lease.ts";

interface Asking {
  readonly transactionId: number;
  readonly sinceMs: number;
  /** How long was waited for an answer last. */
  readonly patienceMs: number;
  readonly wakeAtMs: number;
}

export type Client6State =
  | ({ readonly in: "soliciting" } & Asking)
  | ({ readonly in: "requesting"; readonly attempt: number; readonly offer: Offer } & Asking)
  | { readonly in: "bound"; readonly lease: Lease6; readonly wakeAtMs: number }
  | ({ readonly in: "renewing" | "rebinding"; readonly lease: Lease6 } & Asking);

export interface Offer {
  readonly serverId: Uint8Array;
  readonly address: string;
}

export type Client6Event =
  | { readonly type: "woken" }
  | { readonly type: "received"; readonly message: Dhcpv6Message };

export interface Send6 {
  readonly type: "solicit" | "request" | "renew" | "rebind";
  readonly transactionId: number;
  readonly elapsedMs: number;
  readonly address?: string;
  readonly serverId?: Uint8Array;
}

export interface Step6 {
  readonly state: Client6State;
  readonly send?: Send6;
  /** Said to whoever watches: why nothing or something happened. */
  readonly why: string;
}

export interface Surroundings {
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** §7.6: first and longest wait for an answer, and how many times it is waited. */
const patience = {
  solicit: { firstMs: 1_000, mostMs: 3_600_000 },
  request: { firstMs: 1_000, mostMs: 30_000, attempts: 10 },
  renew: { firstMs: 10_000, mostMs: 600_000 },
  rebind: { firstMs: 10_000, mostMs: 600_000 },
} as const;

export const start6 = (around: Surroundings): Step6 => solicit(around, "looking for a DHCPv6 server");

export function step6(state: Client6State, event: Client6Event, around: Surroundings): Step6 {
  return event.type === "woken" ? woken(state, around) : received(state, event.message, around);
}

/** §15: twice as long each time, a tenth more or less, so that a rack does not speak as one. */
function ask(kind: keyof typeof patience, { nowMs, random }: Surroundings, before?: Asking): Asking {
  const { firstMs, mostMs } = patience[kind];
  const noise = 0.2 * random() - 0.1;
  const doubled = before ? (2 + noise) * before.patienceMs : (1 + noise) * firstMs;
  const patienceMs = doubled > mostMs ? (1 + noise) * mostMs : doubled;
  return {
    transactionId: before?.transactionId ?? Math.floor(random() * 2 ** 24),
    sinceMs: before?.sinceMs ?? nowMs,
    patienceMs,
    wakeAtMs: nowMs + patienceMs,
  };
}

const elapsedMs = ({ sinceMs }: Asking, { nowMs }: Surroundings) => nowMs - sinceMs;

function woken(state: Client6State, around: Surroundings): Step6 {
  if (around.nowMs < state.wakeAtMs) return { state, why: "not yet" };
  switch (state.in) {
    case "soliciting":
      return solicit(around, "no DHCPv6 server has answered", state);
    case "requesting":
      if (state.attempt + 1 >= patience.request.attempts)
        return solicit(around, "the server that offered does not answer");
      return request(around, state.offer, "the request was not answered", state);
    case "bound":
    case "renewing":
    case "rebinding":
      return extend(state, around);
  }
}

function solicit(around: Surroundings, why: string, before?: Asking): Step6 {
  const asking = ask("solicit", around, before);
  const { transactionId } = asking;
  return {
    state: { in: "soliciting", ...asking },
    send: { type: "solicit", transactionId, elapsedMs: elapsedMs(asking, around) },
    why,
  };
}

function request(
  around: Surroundings,
  offer: Offer,
  why: string,
  before?: Extract<Client6State, { in: "requesting" }>,
): Step6 {
  const asking = ask("request", around, before);
  const { transactionId } = asking;
  return {
    state: { in: "requesting", attempt: before ? before.attempt + 1 : 0, offer, ...asking },
    send: { type: "request", transactionId, elapsedMs: elapsedMs(asking, around), ...offer },
    why,
  };
}

/** Asks for more time: the own server first, then any, then from the start. */
function extend(state: Extract<Client6State, { lease: Lease6 }>, around: Surroundings): Step6 {
  const { lease } = state;
  const { nowMs } = around;
  if (nowMs >= lease.expiresAtMs) return solicit(around, "the lease is over");
  const phase = nowMs >= lease.rebindAtMs ? "rebinding" : "renewing";
  const type = phase === "rebinding" ? "rebind" : "renew";
  const before = state.in === phase ? state : undefined;
  const asking = ask(type, around, before);
  const endMs = phase === "renewing" ? lease.rebindAtMs : lease.expiresAtMs;
  const { address, serverId } = lease;
  return {
    state: { in: phase, lease, ...asking, wakeAtMs: Math.min(asking.wakeAtMs, endMs) },
    send: {
      ...{ type, transactionId: asking.transactionId, elapsedMs: elapsedMs(asking, around), address },
      ...(type === "renew" && { serverId }),
    },
    why: type === "renew" ? "asking for more time" : "asking any server for more time",
  };
}

function received(state: Client6State, message: Dhcpv6Message, around: Surroundings): Step6 {
  if (!("transactionId" in state) || message.transactionId !== state.transactionId)
    return { state, why: "an answer to somebody else's question" };
  const lease = leaseOf(message, around.nowMs);
  if (state.in === "soliciting") {
    if (message.type !== "advertise") return { state, why: `a ${message.type} instead of an offer` };
    if (typeof lease === "string") return { state, why: lease };
    const { address, serverId } = lease;
    return request(around, { address, serverId }, `offered ${address}`);
  }
  if (message.type !== "reply") return { state, why: `a ${message.type} instead of a reply` };
  if (typeof lease === "string") return solicit(around, lease);
  return {
    state: { in: "bound", lease, wakeAtMs: lease.renewAtMs },
    why: `bound to ${lease.address}`,
  };
}
