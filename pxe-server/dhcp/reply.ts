// What a DHCP server answers: a pure function of the packet and of what is known. RFC 2131 unless noted.

import type { MessageType, Options } from "../../wire/dhcp/options.ts";
import type { Packet } from "../../wire/dhcp/packet.ts";
import type { Asker } from "./asker.ts";
import type { BootFields } from "./boot-fields.ts";
import type { LeaseChange, Leases } from "./leases.ts";
import { type Network, networkOptions, type Reservation } from "./network.ts";
import { addressNumber, addressText, broadcastOf, contains, maskText } from "./subnet.ts";

/** The subnet that the packet came from, if its addresses are ours to give. */
export interface Authority {
  readonly network: Network;
  readonly leases: Pick<Leases, "of" | "offer" | "isFreeFor">;
  readonly reservation: Reservation | undefined;
}

export interface Context {
  readonly asker: Asker;
  readonly serverAddress: string;
  readonly nowMs: number;
  /** Undefined: addresses are another server's business (proxy). */
  readonly authority: Authority | undefined;
  /** Undefined: an operating system, or a machine that may not netboot. */
  readonly boot: BootFields | undefined;
}

export interface Decision {
  /** For the log: what was done, or why nothing was. */
  readonly why: string;
  readonly reply?: Packet;
  /** To be remembered before the reply leaves. */
  readonly changes?: readonly LeaseChange[];
  readonly leased?: string;
}

/** Long enough for a person to find the other machine that uses it. */
export const declinedMs = 10 * 60_000;
const unset = "0.0.0.0";

/** On port 67. */
export function decide(request: Packet, context: Context): Decision {
  const type = request.options.messageType;
  if (request.op !== "request" || type === undefined) return silence("not a DHCP request");
  const { authority } = context;
  if (!authority) return decideProxy(request, type, context);
  switch (type) {
    case "discover":
      return offer(request, context, authority);
    case "request":
      return acknowledge(request, context, authority);
    case "inform":
      return inform(request, context, authority);
    case "decline":
    case "release":
      return giveUp(request, type, context, authority);
    case "offer":
    case "ack":
    case "nak":
    case "forceRenew":
      return silence(`a client does not send ${type}`);
    default:
      return type satisfies never;
  }
}

/** Beside another server: a DISCOVER gets an offer without an address, everything else is for that server. */
function decideProxy(request: Packet, type: MessageType, { asker, boot, serverAddress }: Context): Decision {
  if (type !== "discover") return silence("for the server that gives addresses");
  if (!boot) return silence("nothing to boot");
  return {
    why: "offered a boot",
    reply: answer(request, "offer", serverAddress, bootOptions(asker, boot), boot),
  };
}

/** On port 4011 (PXE 2.1 §2.4): a REQUEST, or an INFORM of older firmware, for a boot file alone. */
export function decideBootServer(request: Packet, { asker, boot, serverAddress }: Context): Decision {
  const type = request.options.messageType;
  if (request.op !== "request" || (type !== "request" && type !== "inform" && type !== "discover")) {
    return silence("not a boot server request");
  }
  if (!boot) return silence("nothing to boot");
  return {
    why: "served a boot",
    reply: answer(request, "ack", serverAddress, bootOptions(asker, boot), boot),
  };
}

function offer(request: Packet, context: Context, authority: Authority): Decision {
  const address = addressFor(request, context, authority, request.options.requestedAddress);
  if (address === undefined) return silence(noAddress(authority));
  return {
    why: `offered ${address}`,
    reply: { ...leaseReply(request, "offer", context, authority), yourAddress: address },
  };
}

/** §4.3.2: the client selects an offer, comes back after a restart, or renews. */
function acknowledge(request: Packet, context: Context, authority: Authority): Decision {
  const { serverIdentifier, requestedAddress } = request.options;
  if (serverIdentifier !== undefined && serverIdentifier !== context.serverAddress) {
    return silence("chose another server");
  }
  const wanted = requestedAddress ?? request.clientAddress;
  if (wanted === unset) return silence("names no address");
  const address = addressFor(request, context, authority, wanted);
  // Without an offer of ours a stranger's lease may be valid somewhere: silence, not NAK, unless it cannot be here.
  if (address === undefined && contains(authority.network.prefix, addressNumber(wanted))) {
    return silence(noAddress(authority));
  }
  if (address !== wanted) return refuse(request, context, `${wanted} is not its address here`);

  const expiresMs = context.nowMs + leaseS(context, authority) * 1000;
  return {
    why: `leased ${address}`,
    leased: address,
    reply: {
      ...leaseReply(request, "ack", context, authority),
      yourAddress: address,
      clientAddress: request.clientAddress,
    },
    // A reservation needs no lease: it is the machine's whatever happens.
    changes: authority.reservation
      ? []
      : [{ type: "bound", mac: context.asker.client.mac, address: addressNumber(address), expiresMs }],
  };
}

/** §4.3.5: options for a client that has an address; neither an address nor a time in the answer. */
function inform(request: Packet, context: Context, authority: Authority): Decision {
  const { clientAddress } = request;
  if (clientAddress === unset) return silence("names no address");
  // The answer goes to that address: a stranger must not choose whom we send to.
  if (!contains(authority.network.prefix, addressNumber(clientAddress)))
    return silence("is not of this subnet");
  const options = {
    ...subnetOptions(context, authority),
    ...bootOptionsOf(context),
  };
  const reply = answer(request, "ack", context.serverAddress, options, context.boot);
  return { why: "told it our options", reply: { ...reply, clientAddress: request.clientAddress } };
}

/** §4.3.3 and §4.3.4. Only the machine that has the lease can end it. */
function giveUp(
  request: Packet,
  type: "decline" | "release",
  { asker, nowMs, serverAddress }: Context,
  { leases, reservation }: Authority,
): Decision {
  const { serverIdentifier, requestedAddress } = request.options;
  if (serverIdentifier !== undefined && serverIdentifier !== serverAddress)
    return silence("for another server");
  const text = type === "decline" ? requestedAddress : request.clientAddress;
  const lease = leases.of(asker.client.mac);
  if (!text || reservation || lease?.address !== addressNumber(text))
    return silence(`${type} of an address not its own`);
  const { address } = lease;
  return type === "decline"
    ? {
        why: `${text} is used by somebody else`,
        changes: [{ type: "declined", address, untilMs: nowMs + declinedMs }],
      }
    : { why: `released ${text}`, changes: [{ type: "freed", address }] };
}

function addressFor(
  request: Packet,
  { asker }: Context,
  { leases, reservation }: Authority,
  wanted: string | undefined,
): string | undefined {
  if (reservation) return reservation.address;
  const number = wanted === undefined || wanted === unset ? undefined : addressNumber(wanted);
  if (request.options.messageType === "request" && number !== undefined) {
    return leases.isFreeFor(asker.client.mac, number) ? wanted : heldAddress(leases, asker.client.mac);
  }
  const address = leases.offer(asker.client.mac, number);
  return address === undefined ? undefined : addressText(address);
}

function heldAddress(leases: Authority["leases"], mac: string): string | undefined {
  const lease = leases.of(mac);
  return lease && addressText(lease.address);
}

function leaseReply(request: Packet, type: "offer" | "ack", context: Context, authority: Authority): Packet {
  const { network } = authority;
  const options: Options = {
    leaseTimeS: leaseS(context, authority),
    ...subnetOptions(context, authority),
    broadcastAddress: addressText(broadcastOf(network.prefix)),
    ...bootOptionsOf(context),
  };
  return answer(request, type, context.serverAddress, options, context.boot);
}

const subnetOptions = ({ asker }: Context, { network, reservation }: Authority): Options =>
  networkOptions(network, {
    mask: maskText(network.prefix),
    hostName: reservation?.hostName,
    vendorClass: asker.vendorClass,
  });

const leaseS = ({ asker }: Context, { network }: Authority) =>
  asker.wants ? network.netbootLeaseS : network.leaseS;

function refuse(request: Packet, { serverAddress }: Context, why: string): Decision {
  const reply = answer(request, "nak", serverAddress, { message: why }, undefined);
  // Through a relay the client cannot be reached by the address that it has just lost (§4.3.2).
  return { why, reply: { ...reply, broadcast: true } };
}

const bootOptionsOf = ({ asker, boot }: Context): Options => (boot ? bootOptions(asker, boot) : {});

const bootOptions = ({ client }: Asker, { options }: BootFields): Options => ({
  ...options,
  ...(client.uuid !== undefined && { clientMachineUuid: client.uuid }),
});

function answer(
  request: Packet,
  messageType: MessageType,
  serverIdentifier: string,
  options: Options,
  boot: BootFields | undefined,
): Packet {
  const { clientIdentifier, relayAgentInformation } = request.options;
  return {
    op: "reply",
    hardwareType: request.hardwareType,
    hardwareLength: request.hardwareLength,
    hops: 0,
    transactionId: request.transactionId,
    seconds: 0,
    broadcast: request.broadcast,
    clientAddress: unset,
    yourAddress: unset,
    serverAddress: boot?.serverAddress ?? unset,
    relayAddress: request.relayAddress,
    mac: request.mac,
    serverName: boot?.serverAddress ?? "",
    file: boot?.file ?? "",
    options: {
      messageType,
      serverIdentifier,
      ...options,
      ...(clientIdentifier && { clientIdentifier }), // RFC 6842
      ...(relayAgentInformation && { relayAgentInformation }), // RFC 3046 §2.2: unchanged, and last
    },
  };
}

const noAddress = ({ network }: Authority) =>
  network.range ? "no address is free" : "not a machine with a reservation";
const silence = (why: string): Decision => ({ why });
