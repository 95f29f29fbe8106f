// The DHCPv6 client at work on one interface: the pure machine of client-state.ts between a socket and a clock.
import { createSocket } from "node:dgram";
import { decode, encode } from "../../../wire/codec.ts";
import { type Dhcpv6Message, dhcpv6Message, serverOptions } from "../../../wire/dhcpv6/message.ts";
import { WireError } from "../../../wire/error.ts";
import { type Client6Event, type Send6, type Step6, start6, step6 } from "./client-state.ts";
import type { Lease6 } from "./lease.ts";

// RFC 8415 §7.1 and §7.2: all servers and relays of a link.
const everybody = "ff02::1:2";
const ports = { client: 546, server: 547 } as const;
/** §21.9: so long a client can say that it has waited. */
const mostElapsed = 0xffff;

export interface Client6Options {
  readonly link: string;
  /** Of the link alone: what it is asked from. */
  readonly address: string;
  readonly mac: string;
  /** Undefined: one that is made of the MAC. */
  readonly duid: Uint8Array | undefined;
  readonly clock: { now(): number; at(timeMs: number, call: () => void): Disposable };
  readonly random: () => number;
  /** A new lease, or undefined when it is over. */
  readonly leased: (lease: Lease6 | undefined) => void;
  readonly said: (why: string) => void;
}

export class Dhcpv6Client implements Disposable {
  readonly #options: Client6Options;
  readonly #socket = createSocket({ type: "udp6", reuseAddr: true, ipv6Only: true });
  #last: Step6 | undefined;
  #timer: Disposable | undefined;
  #lease: Lease6 | undefined;

  constructor(options: Client6Options) {
    this.#options = options;
    const { link, address, said } = options;
    this.#socket.on("error", (error) => said(error.message));
    this.#socket.on("message", (bytes) => this.#receive(bytes));
    this.#socket.bind({ port: ports.client, address: `${address}%${link}` }, () => {
      this.#act(start6(this.#around()));
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#socket.close();
  }

  #happen(event: Client6Event): void {
    if (this.#last) this.#act(step6(this.#last.state, event, this.#around()));
  }

  #act(step: Step6): void {
    const { state, send, why } = step;
    const { clock, said, leased } = this.#options;
    this.#last = step;
    said(why);
    if (send) this.#send(send);
    this.#timer?.[Symbol.dispose]();
    const wake = () => this.#happen({ type: "woken" });
    this.#timer = state.wakeAtMs === Infinity ? undefined : clock.at(state.wakeAtMs, wake);
    const lease = "lease" in state ? state.lease : undefined;
    if (lease === this.#lease) return;
    this.#lease = lease;
    leased(lease);
  }

  #around() {
    return { nowMs: this.#options.clock.now(), random: this.#options.random };
  }

  #send(send: Send6): void {
    const { link, said } = this.#options;
    const bytes = encode(dhcpv6Message, messageOf(send, this.#options));
    this.#socket.send(bytes, ports.server, `${everybody}%${link}`, (error) => {
      // A link that is going takes nothing: it is sent again later.
      if (error) said(error.message);
    });
  }

  #receive(bytes: Uint8Array): void {
    try {
      const message = decode(dhcpv6Message, bytes);
      const { clientId: whose = new Uint8Array() } = message.options;
      if (Buffer.compare(whose, clientId(this.#options)) === 0) this.#happen({ type: "received", message });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#options.said(`a malformed DHCPv6 message: ${error.message}`);
    }
  }
}

const bytesOf = (mac: string) => Buffer.from(mac.replaceAll(":", ""), "hex");

/** §11.4: DUID-LL, of Ethernet. */
const clientId = ({ duid, mac }: Pick<Client6Options, "duid" | "mac">): Uint8Array =>
  duid ?? Uint8Array.from([0, 3, 0, 1, ...bytesOf(mac)]);

function messageOf(send: Send6, options: Client6Options): Dhcpv6Message {
  const { type, transactionId, elapsedMs, address, serverId } = send;
  const lent = { preferredSeconds: 0, validSeconds: 0, options: {} };
  return {
    ...{ type, transactionId },
    options: {
      clientId: clientId(options),
      serverId,
      iaNa: {
        ...{ id: bytesOf(options.mac).readUInt32BE(2), renewSeconds: 0, rebindSeconds: 0 },
        options: address === undefined ? {} : { iaAddress: { address, ...lent } },
      },
      elapsedTime: Math.min(Math.floor(elapsedMs / 10), mostElapsed),
      optionRequest: Object.values(serverOptions),
    },
  };
}
