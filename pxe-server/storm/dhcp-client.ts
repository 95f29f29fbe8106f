// The DHCP client of many simulated machines: one socket on the wire, replies told apart by transaction id.
import type { Socket } from "node:dgram";
import { decode, encode } from "../../wire/codec.ts";
import type { MessageType, Options } from "../../wire/dhcp/options.ts";
import { type Packet, packet } from "../../wire/dhcp/packet.ts";
import type { Clock } from "../clock.ts";

export interface Lease {
  readonly address: string;
  readonly nextServer: string;
  readonly file: string;
}

/** What one stage of a machine's boot says of itself in each of its packets. */
export interface Identity {
  readonly mac: string;
  readonly options: Options;
  /** How long this kind of firmware waits for an answer before it asks again; after the last it gives up. */
  readonly waitsMs: readonly number[];
}

const unset = "0.0.0.0";
const maxRefusals = 10;

export class DhcpClient {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, (reply: Packet) => void>();
  #lastTransaction = 0;
  /** Packets that had to be sent again. */
  repeated = 0;
  /** Offers that were taken back by a NAK. */
  refused = 0;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.on("message", (bytes) => {
      const reply = decode(packet, bytes);
      this.#waiting.get(reply.transactionId)?.(reply);
    });
  }

  /** DISCOVER, OFFER, REQUEST, ACK; from the beginning after a NAK (RFC 2131 §3.1.5). */
  async lease(identity: Identity): Promise<Lease> {
    for (let refusals = 0; refusals < maxRefusals; refusals++) {
      const offer = await this.#ask(identity, { messageType: "discover" }, ["offer"]);
      const { serverIdentifier = "" } = offer.options;
      const chosen = {
        messageType: "request",
        serverIdentifier,
        requestedAddress: offer.yourAddress,
      } as const;
      const answer = await this.#ask(identity, chosen, ["ack", "nak"]);
      if (answer.options.messageType === "ack") return leaseOf(answer);
      this.refused++;
    }
    throw new Error(`${maxRefusals} NAKs, each to what was offered`);
  }

  async #ask(
    { mac, options, waitsMs }: Identity,
    question: Options,
    answers: readonly MessageType[],
  ): Promise<Packet> {
    const transactionId = ++this.#lastTransaction;
    const bytes = encode(packet, {
      op: "request",
      hardwareType: 1,
      hardwareLength: 6,
      hops: 0,
      transactionId,
      seconds: 0,
      broadcast: true,
      clientAddress: unset,
      yourAddress: unset,
      serverAddress: unset,
      relayAddress: unset,
      mac,
      serverName: "",
      file: "",
      options: { ...question, ...options },
    });
    const answered = new AbortController();
    const reply = new Promise<Packet>((resolve) => {
      this.#waiting.set(transactionId, (packet) => {
        const { messageType } = packet.options;
        if (messageType && answers.includes(messageType)) resolve(packet);
      });
    });
    try {
      for (const [attempt, waitMs] of waitsMs.entries()) {
        if (attempt > 0) this.repeated++;
        this.#socket.send(bytes, 67, "255.255.255.255");
        const silence = this.#clock.sleep(waitMs, answered.signal).catch(() => undefined);
        const heard = await Promise.race([reply, silence]);
        if (heard) return heard;
      }
      throw new Error(`no ${answers[0]} after ${waitsMs.length} requests`);
    } finally {
      answered.abort();
      this.#waiting.delete(transactionId);
    }
  }
}

const leaseOf = ({ yourAddress, serverAddress, file, options }: Packet): Lease => ({
  address: yourAddress,
  nextServer: serverAddress,
  file: options.bootFileName ?? file,
});
