// A DHCP client as a pure function (RFC 2131 §4.4, figure 5): a state and an event give the next state, what to send
// and when to look again. Sockets, addresses and the clock are somebody else's business.
import type { Packet } from "../../../wire/dhcp/packet.ts";
import { type Lease, leaseOf } from "./lease.ts";

export type ClientState =
  | {
      readonly in: "selecting";
      readonly transactionId: number;
      readonly sinceMs: number;
      readonly attempt: number;
      readonly wakeAtMs: number;
    }
  | {
      readonly in: "requesting";
      readonly transactionId: number;
      readonly sinceMs: number;
      readonly attempt: number;
      readonly wakeAtMs: number;
      readonly offer: { readonly address: string; readonly server: string };
    }
  | { readonly in: "bound"; readonly lease: Lease; readonly wakeAtMs: number }
  | {
      readonly in: "renewing" | "rebinding";
      readonly lease: Lease;
      readonly transactionId: number;
      readonly sinceMs: number;
      readonly wakeAtMs: number;
    };

export type ClientEvent = { readonly type: "woken" } | { readonly type: "received"; readonly packet: Packet };

export interface Send {
  readonly message: "discover" | "request";
  readonly transactionId: number;
  readonly seconds: number;
  /** 0.0.0.0 until the address is ours. */
  readonly clientAddress: string;
  readonly requestedAddress?: string;
  readonly serverIdentifier?: string;
  /** To this server alone; to everybody when undefined. */
  readonly to?: string;
}

export interface Step {
  readonly state: ClientState;
  readonly send?: Send;
  /** Said to whoever watches: why nothing or something happened. */
  readonly why: string;
}

export interface Surroundings {
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: () => number;
}

/** The first packet of a client without an address. */
export function start({ nowMs, random }: Surroundings): Step {
  return discover({ nowMs, random }, Math.floor(random() * 2 ** 32), nowMs, 0, "looking for a DHCP server");
}

export function step(state: ClientState, event: ClientEvent, around: Surroundings): Step {
  return event.type === "woken" ? woken(state, around) : received(state, event.packet, around);
}

/** §4.1: 4, 8, 16, 32, 64 seconds, each shifted by up to a second so that a rack does not speak as one. */
const retryMs = (attempt: number, random: () => number) =>
  1000 * (2 ** Math.min(attempt + 2, 6) + (2 * random() - 1));
/** §4.4.5: half of what is left, but not more often than once a minute. */
const laterMs = (untilMs: number, nowMs: number) =>
  Math.min(untilMs, nowMs + Math.max((untilMs - nowMs) / 2, 60_000));
const requestAttempts = 4;

function woken(state: ClientState, around: Surroundings): Step {
  const { nowMs } = around;
  if (nowMs < state.wakeAtMs) return { state, why: "not yet" };
  switch (state.in) {
    case "selecting":
      return discover(
        around,
        state.transactionId,
        state.sinceMs,
        state.attempt + 1,
        "no DHCP server has answered",
      );
    case "requesting":
      if (state.attempt + 1 >= requestAttempts)
        return restart(around, "the server that offered does not answer");
      return request(around, { ...state, attempt: state.attempt + 1 }, "the request was not answered");
    case "bound":
    case "renewing":
    case "rebinding":
      return extend(state, around);
  }
}

/** Asks for more time: the own server first, then any, then from the start. */
function extend(state: Extract<ClientState, { lease: Lease }>, around: Surroundings): Step {
  const { lease } = state;
  const { nowMs, random } = around;
  if (nowMs >= lease.expiresAtMs) return restart(around, "the lease is over");
  const phase = nowMs >= lease.rebindAtMs ? "rebinding" : "renewing";
  const transactionId = "transactionId" in state ? state.transactionId : Math.floor(random() * 2 ** 32);
  const sinceMs = "sinceMs" in state ? state.sinceMs : nowMs;
  const untilMs = phase === "renewing" ? lease.rebindAtMs : lease.expiresAtMs;
  return {
    state: { in: phase, lease, transactionId, sinceMs, wakeAtMs: laterMs(untilMs, nowMs) },
    send: {
      message: "request",
      transactionId,
      seconds: secondsSince(sinceMs, nowMs),
      clientAddress: lease.address,
      ...(phase === "renewing" && { to: lease.server }),
    },
    why: phase === "renewing" ? "asking for more time" : "asking any server for more time",
  };
}

function received(state: ClientState, packet: Packet, around: Surroundings): Step {
  const { messageType, serverIdentifier } = packet.options;
  const rival = rivalOffer(state, packet);
  if (rival !== undefined) return { state, why: rival };
  if (state.in === "bound") return { state, why: "nothing was asked" };
  if (packet.op !== "reply" || packet.transactionId !== state.transactionId)
    return { state, why: "not for us" };

  if (state.in === "selecting") {
    if (messageType !== "offer") return { state, why: "not an offer" };
    // A proxy offers a boot file and no address: it is for the firmware.
    if (packet.yourAddress === "0.0.0.0") return { state, why: "an offer without an address" };
    if (serverIdentifier === undefined) return { state, why: "an offer of nobody" };
    const offer = { address: packet.yourAddress, server: serverIdentifier };
    return request(
      around,
      { ...state, in: "requesting", offer, attempt: 0 },
      `offered ${offer.address} by ${offer.server}`,
    );
  }
  if (state.in === "requesting" && serverIdentifier !== state.offer.server)
    return { state, why: "another server's answer" };
  if (messageType === "nak")
    return restart(around, `refused: ${packet.options.message || "no reason given"}`);
  if (messageType !== "ack") return { state, why: "not an acknowledgement" };

  const lease = leaseOf(packet, around.nowMs);
  if (typeof lease === "string") return { state, why: lease };
  return {
    state: { in: "bound", lease, wakeAtMs: lease.renewAtMs },
    why: `bound to ${lease.address}/${lease.prefixLength} by ${lease.server}`,
  };
}

/** Whoever set up the network may not know of the other one. */
function rivalOffer(state: ClientState, { yourAddress, options }: Packet): string | undefined {
  if (state.in !== "requesting" && state.in !== "bound") return undefined;
  const { server } = state.in === "bound" ? state.lease : state.offer;
  const other = options.serverIdentifier;
  if (options.messageType !== "offer" || other === undefined || other === server) return undefined;
  // A proxy's offer is for the firmware.
  if (yourAddress === "0.0.0.0") return undefined;
  return `two DHCP servers are on this network: ${other} offers ${yourAddress} beside ${server}`;
}

function discover(
  { nowMs, random }: Surroundings,
  transactionId: number,
  sinceMs: number,
  attempt: number,
  why: string,
): Step {
  return {
    state: { in: "selecting", transactionId, sinceMs, attempt, wakeAtMs: nowMs + retryMs(attempt, random) },
    send: {
      message: "discover",
      transactionId,
      seconds: secondsSince(sinceMs, nowMs),
      clientAddress: "0.0.0.0",
    },
    why,
  };
}

function request(
  { nowMs, random }: Surroundings,
  state: Extract<ClientState, { in: "requesting" }>,
  why: string,
): Step {
  const { transactionId, sinceMs, offer, attempt } = state;
  return {
    state: { ...state, wakeAtMs: nowMs + retryMs(attempt, random) },
    send: {
      message: "request",
      transactionId,
      seconds: secondsSince(sinceMs, nowMs),
      clientAddress: "0.0.0.0",
      requestedAddress: offer.address,
      serverIdentifier: offer.server,
    },
    why,
  };
}

/** §3.1.5 asks for a pause, so that a server that always refuses is not asked a thousand times a second. */
function restart({ nowMs, random }: Surroundings, why: string): Step {
  const transactionId = Math.floor(random() * 2 ** 32);
  return {
    state: {
      in: "selecting",
      transactionId,
      sinceMs: nowMs,
      attempt: -1,
      wakeAtMs: nowMs + 1000 * (1 + random()),
    },
    why,
  };
}

const secondsSince = (sinceMs: number, nowMs: number) =>
  Math.min(0xffff, Math.floor((nowMs - sinceMs) / 1000));
