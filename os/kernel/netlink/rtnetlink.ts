// What the kernel is asked and told over netlink(7), and what it tells by itself. Usually of its network: rtnetlink(7).
import { constants } from "node:os";
import { type Codec, decode, encode } from "../../../wire/codec.ts";
import { RawSocket, socketFamily, socketType } from "../raw-socket.ts";
import { datagram, encodeMessage, flags, replyOf } from "./message.ts";

/** Linux, include/uapi/linux/netlink.h. */
export const netlinkProtocols = { route: 0, generic: 16 } as const;

/** Something that the kernel says has changed; decode `payload` by its type's table. */
export interface Notice {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** A request that the kernel refused; `code` as errno(3) names it. */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  readonly code: string;

  constructor(what: string, errno: number) {
    const code =
      Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `error ${errno}`;
    super(`Cannot ${what}: ${code}`);
    this.code = code;
  }
}

interface Waiting {
  readonly what: string;
  readonly collected: Uint8Array[];
  readonly resolve: (payloads: Uint8Array[]) => void;
  readonly reject: (error: Error) => void;
}

export interface RtnetlinkOptions {
  /** The kernel's network, unless something else is said. */
  readonly protocol?: keyof typeof netlinkProtocols;
  /** The groups to hear of, as a bit mask; none by default. */
  readonly groups?: number;
  readonly noticed?: (notice: Notice) => void;
  /** Notices were lost: dump again. */
  readonly overrun?: () => void;
}

export class Rtnetlink implements Disposable {
  readonly #socket: RawSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #noticed: (notice: Notice) => void;
  #sequence = 0;

  constructor(options: RtnetlinkOptions = {}) {
    const { protocol = "route", groups = 0, noticed = () => {}, overrun = () => {} } = options;
    this.#noticed = noticed;
    this.#socket = new RawSocket({
      family: socketFamily.netlink,
      type: socketType.raw,
      protocol: netlinkProtocols[protocol],
      bind: socketAddress(groups),
      received: (bytes) => this.#receive(bytes),
      overrun: () => {
        this.#failAll(new Error("Cannot read the kernel's answer: its buffer overran"));
        overrun();
      },
      failed: (error) => this.#failAll(error),
    });
  }

  /** Everything of a kind: `request` is the kind's header, zeroed. */
  async dump<T>(what: string, type: number, codec: Codec<T>, request: T): Promise<T[]> {
    const payloads = await this.#ask(what, type, flags.dump, encode(codec, request));
    return payloads.map((payload) => decode(codec, payload));
  }

  /** One answer to one question. */
  async ask<T>(what: string, type: number, codec: Codec<T>, request: T): Promise<T> {
    const [payload] = await this.#ask(what, type, flags.ack, encode(codec, request));
    if (!payload) throw new Error(`Cannot ${what}: the kernel has no answer`);
    return decode(codec, payload);
  }

  /** Changes something; resolves when the kernel has done so. */
  async change<T>(
    what: string,
    type: number,
    codec: Codec<T>,
    value: T,
    how: readonly (keyof typeof flags)[] = [],
  ): Promise<void> {
    const bits = how.reduce<number>((sum, name) => sum | flags[name], flags.ack);
    await this.#ask(what, type, bits, encode(codec, value));
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
    this.#failAll(new Error("Cannot go on: the netlink socket was closed"));
  }

  #ask(what: string, type: number, bits: number, payload: Uint8Array): Promise<Uint8Array[]> {
    this.#sequence = (this.#sequence % 0x7fffffff) + 1;
    const sequence = this.#sequence;
    return new Promise((resolve, reject) => {
      this.#waiting.set(sequence, { what, collected: [], resolve, reject });
      this.#socket.send(encodeMessage({ type, flags: flags.request | bits, sequence, port: 0, payload }));
    });
  }

  #receive(bytes: Uint8Array): void {
    for (const message of decode(datagram, bytes)) {
      const reply = replyOf(message);
      const waiting = this.#waiting.get(reply.sequence);
      if (!waiting) {
        if (reply.kind === "message") this.#noticed(reply);
      } else if (reply.kind === "message") {
        waiting.collected.push(reply.payload);
      } else {
        this.#waiting.delete(reply.sequence);
        if (reply.kind === "answer" && reply.errno !== 0)
          waiting.reject(new NetlinkError(waiting.what, reply.errno));
        else waiting.resolve(waiting.collected);
      }
    }
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** struct sockaddr_nl: family, port (0: the kernel chooses), groups. */
function socketAddress(groups: number): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16LE(socketFamily.netlink, 0);
  bytes.writeUInt32LE(groups, 8);
  return bytes;
}
