// The DHCP client at work on one interface: the pure machine of client-state.ts between a packet socket and a clock.
import { decode, encode } from "../../../wire/codec.ts";
import { type Packet, packet } from "../../../wire/dhcp/packet.ts";
import { WireError } from "../../../wire/error.ts";
import { type ClientEvent, type Send, type Step, start, step } from "./client-state.ts";
import { decodeDatagram, encodeDatagram } from "./datagram.ts";
import type { Lease } from "./lease.ts";

const ports = { server: 67, client: 68 } as const;

/** What carries its packets: a packet socket, or a test. */
export interface Carrier extends Disposable {
  broadcast(ipPacket: Uint8Array): void;
}

export interface ClientOptions {
  readonly mac: string;
  readonly hostName: string | undefined;
  readonly open: (received: (ipPacket: Uint8Array) => void, failed: (error: Error) => void) => Carrier;
  readonly clock: { now(): number; at(timeMs: number, call: () => void): Disposable };
  readonly random: () => number;
  /** A new lease, or undefined when it is over. The same lease with more time is told too. */
  readonly leased: (lease: Lease | undefined) => void;
  readonly said: (why: string) => void;
}

export class DhcpClient implements Disposable {
  readonly #options: ClientOptions;
  readonly #carrier: Carrier;
  #last: Step;
  #timer: Disposable | undefined;
  #lease: Lease | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#carrier = options.open(
      (bytes) => this.#receive(bytes),
      (error) => options.said(error.message),
    );
    this.#last = start(this.#around());
    this.#act();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#carrier[Symbol.dispose]();
  }

  #happen(event: ClientEvent): void {
    this.#last = step(this.#last.state, event, this.#around());
    this.#act();
  }

  #act(): void {
    const { state, send, why } = this.#last;
    const { clock, said, leased } = this.#options;
    said(why);
    if (send) this.#send(send);
    this.#timer?.[Symbol.dispose]();
    this.#timer =
      state.wakeAtMs === Infinity
        ? undefined
        : clock.at(state.wakeAtMs, () => this.#happen({ type: "woken" }));
    const lease = "lease" in state ? state.lease : undefined;
    if (lease === this.#lease) return;
    this.#lease = lease;
    leased(lease);
  }

  #around(): { nowMs: number; random: () => number } {
    return { nowMs: this.#options.clock.now(), random: this.#options.random };
  }

  #send(send: Send): void {
    const payload = encode(packet, requestOf(send, this.#options));
    const datagram = encodeDatagram({
      source: send.clientAddress,
      destination: send.to ?? "255.255.255.255",
      sourcePort: ports.client,
      destinationPort: ports.server,
      payload,
    });
    try {
      // A renewal is for one server, but a broadcast reaches it as well, whether or not it answers ARP.
      this.#carrier.broadcast(datagram);
    } catch (error) {
      // A bond whose switch has not agreed yet takes nothing (ENOBUFS), nor does a link that is going: sent again later.
      this.#options.said(error instanceof Error ? error.message : String(error));
    }
  }

  #receive(bytes: Uint8Array): void {
    const datagram = decodeDatagram(bytes);
    if (typeof datagram === "string") return;
    try {
      const received = decode(packet, datagram.payload);
      if (received.mac === this.#options.mac) this.#happen({ type: "received", packet: received });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#options.said(`a malformed DHCP packet from ${datagram.source}: ${error.message}`);
    }
  }
}

/** What the node wants to know: the options that lease.ts reads. */
const wanted = Uint8Array.of(1, 3, 6, 12, 15, 26, 42, 51, 54, 58, 59, 119, 121);

function requestOf(send: Send, { mac, hostName }: ClientOptions): Packet {
  return {
    op: "request",
    hardwareType: 1,
    hardwareLength: 6,
    hops: 0,
    transactionId: send.transactionId,
    seconds: send.seconds,
    // Without an address the kernel drops what is sent to it; the packet socket sees it all the same.
    broadcast: send.clientAddress === "0.0.0.0",
    clientAddress: send.clientAddress,
    yourAddress: "0.0.0.0",
    serverAddress: "0.0.0.0",
    relayAddress: "0.0.0.0",
    mac,
    serverName: "",
    file: "",
    options: {
      messageType: send.message,
      // As iPXE names itself, so that one machine has one lease all the way from its firmware.
      clientIdentifier: Uint8Array.from([1, ...Buffer.from(mac.replaceAll(":", ""), "hex")]),
      requestedAddress: send.requestedAddress,
      serverIdentifier: send.serverIdentifier,
      maximumMessageSize: 1472,
      hostName,
      parameterRequestList: wanted,
    },
  };
}
