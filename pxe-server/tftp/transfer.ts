// One read transfer as a pure function: what the client did goes in, what to send comes out. No socket, no clock.
import type { Agreement } from "./options.ts";
import type { FromClient } from "./packet.ts";

export interface Transfer {
  readonly blockSize: number;
  readonly window: number;
  /** Number of the last block; it is shorter than a block, possibly empty. */
  readonly lastBlock: number;
  /** The OACK is on its way and ACK 0 not yet here. */
  readonly negotiating: boolean;
  /** Blocks up to this one have arrived. Never wraps; on the wire it is modulo 65,536. */
  readonly acked: number;
  /** Blocks up to this one have been sent at least once. */
  readonly sent: number;
  /** Blocks up to this one were sent more than once, so a repeated ACK of them may be an echo. */
  readonly resent: number;
  /** How many blocks went out, those sent again included. */
  readonly outgoing: number;
  /** Timeouts since the client last advanced. */
  readonly timeouts: number;
}

export type Event = FromClient | { readonly type: "timeout" };

export type Action =
  | { readonly do: "oack" }
  | { readonly do: "blocks"; readonly from: number; readonly to: number }
  | { readonly do: "nothing" }
  | { readonly do: "finish" }
  /** The client wanted only the size: EDK2 asks for the OACK, refuses it with ERROR 8, and comes again. */
  | { readonly do: "decline" }
  | { readonly do: "fail"; readonly why: string };

export interface Step {
  readonly transfer: Transfer;
  readonly action: Action;
}

/** With back-off from 300 ms to 8 s this is half a minute of silence: a client that was switched off. */
const maxTimeouts = 7;
const optionsRefused = 8;

export function begin(agreement: Agreement, sizeBytes: number): Step {
  const { blockSize, window } = agreement;
  const transfer: Transfer = {
    blockSize,
    window,
    lastBlock: Math.floor(sizeBytes / blockSize) + 1,
    negotiating: agreement.accepted.length > 0,
    acked: 0,
    sent: 0,
    resent: -1,
    outgoing: 0,
    timeouts: 0,
  };
  return transfer.negotiating ? { transfer, action: { do: "oack" } } : sendWindow(transfer);
}

export function advance(transfer: Transfer, event: Event): Step {
  switch (event.type) {
    case "ack":
      return acknowledge(transfer, event.block);
    case "timeout": {
      const timeouts = transfer.timeouts + 1;
      if (timeouts > maxTimeouts) return fail(transfer, `no answer after ${maxTimeouts} retransmissions`);
      const waited = { ...transfer, timeouts };
      return transfer.negotiating ? { transfer: waited, action: { do: "oack" } } : sendWindow(waited);
    }
    case "error":
      if (transfer.negotiating && event.code === optionsRefused)
        return { transfer, action: { do: "decline" } };
      return fail(transfer, `the client gave up: error ${event.code} ${event.message}`.trimEnd());
    default:
      return event satisfies never;
  }
}

function acknowledge(transfer: Transfer, block: number): Step {
  if (transfer.negotiating) {
    return block === 0 ? sendWindow({ ...transfer, negotiating: false, timeouts: 0 }) : nothing(transfer);
  }
  const arrived = (block - transfer.acked) & 0xffff;
  if (arrived > transfer.sent - transfer.acked) return nothing(transfer); // of an earlier window

  if (arrived === 0) {
    // In lock-step, answering a repeated ACK doubles every packet from there on (RFC 1123 §4.2.3.1). In a window it is
    // how a client says that the window's first block is missing (RFC 7440 §4), unless it only echoes our repetition.
    const mayBeEcho = transfer.window === 1 || transfer.resent >= transfer.acked;
    return mayBeEcho ? nothing(transfer) : sendWindow(transfer);
  }
  const acked = transfer.acked + arrived;
  const advanced = { ...transfer, acked, timeouts: 0 };
  if (acked === transfer.lastBlock) return { transfer: advanced, action: { do: "finish" } };
  // An ACK inside the window reports a gap after it: the window starts again there (RFC 7440 §4).
  // Unless echoes of our repetitions have begun to feed themselves: then only what was never sent goes out, until they
  // have died down or the client falls silent.
  const echoes = acked <= transfer.resent && transfer.outgoing > 3 * acked + 4 * transfer.window;
  return sendWindow(advanced, echoes ? transfer.sent + 1 : acked + 1);
}

function sendWindow(transfer: Transfer, from = transfer.acked + 1): Step {
  const to = Math.min(transfer.acked + transfer.window, transfer.lastBlock);
  if (from > to) return nothing(transfer);
  const outgoing = transfer.outgoing + to - from + 1;
  // A small ACK that calls for a whole window is an amplifier in the wrong hands.
  if (outgoing > 8 * transfer.lastBlock + 16 * transfer.window) {
    return fail(transfer, "too much had to be sent again");
  }
  const resent = from <= transfer.sent ? Math.min(to, transfer.sent) : transfer.resent;
  return {
    transfer: { ...transfer, sent: Math.max(transfer.sent, to), resent, outgoing },
    action: { do: "blocks", from, to },
  };
}

const nothing = (transfer: Transfer): Step => ({ transfer, action: { do: "nothing" } });
const fail = (transfer: Transfer, why: string): Step => ({ transfer, action: { do: "fail", why } });
