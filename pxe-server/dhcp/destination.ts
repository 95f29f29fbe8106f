import type { Packet } from "../../wire/dhcp/packet.ts";

export interface Destination {
  readonly address: string;
  readonly port: number;
}

const serverPort = 67;
const clientPort = 68;
const unset = "0.0.0.0";

/**
 * RFC 2131 §4.1. Where the RFC would have us unicast to an address that the client cannot answer ARP for yet, we
 * broadcast: it works everywhere, and needs no raw frames.
 */
export function destinationOf(reply: Packet): Destination {
  if (reply.relayAddress !== unset) return { address: reply.relayAddress, port: serverPort };
  const { messageType } = reply.options;
  if (messageType !== "nak" && reply.clientAddress !== unset)
    return { address: reply.clientAddress, port: clientPort };
  return { address: "255.255.255.255", port: clientPort };
}
