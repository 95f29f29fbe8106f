// RFC 6455, of which a stream of bytes needs little: messages in any pieces, ping and pong, and an end. Both sides.
import { createHash, randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";

/** §4.2.2: what proves that the handshake was understood. */
export const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

/** §5.2 */
const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const final = 0x80;
const masked = 0x80;
/** §5.5: a control frame has at most so many bytes. */
const mostControlBytes = 125;
const mostBytes = 1 << 20;

export interface WebSocketOptions {
  /** Clients mask what they send, and servers do not (§5.1). */
  readonly side: "client" | "server";
  /** What came with the handshake. */
  readonly head: Uint8Array;
}

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export class WebSocketBytes implements AsyncDisposable {
  readonly #socket: Duplex;
  readonly #side: WebSocketOptions["side"];
  #buffered: Buffer;
  #closed = false;

  constructor(socket: Duplex, { side, head }: WebSocketOptions) {
    this.#socket = socket;
    this.#side = side;
    this.#buffered = Buffer.from(head);
    // Whoever reads or writes hears of it.
    socket.on("error", () => {});
  }

  /** The bytes of all messages, until the other side ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.#messages();
    for await (const chunk of this.#socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      this.#buffered = Buffer.concat([this.#buffered, chunk]);
      yield* this.#messages();
      if (this.#closed) return;
    }
  }

  /** Resolves when more may be sent. */
  send(bytes: Uint8Array): Promise<void> {
    return this.#send(opcodes.binary, bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed && this.#socket.writable) await this.#send(opcodes.close, closing).catch(() => {});
    this.#closed = true;
    this.#socket.destroy();
  }

  *#messages(): Generator<Uint8Array, void, undefined> {
    for (let frame = this.#take(); frame !== undefined && !this.#closed; frame = this.#take()) {
      const { opcode, payload } = frame;
      switch (opcode) {
        case opcodes.continuation:
        case opcodes.text:
        case opcodes.binary:
          yield payload;
          break;
        case opcodes.ping:
          void this.#send(opcodes.pong, payload).catch(() => {});
          break;
        case opcodes.pong:
          break;
        case opcodes.close:
          void this.#send(opcodes.close, payload).catch(() => {});
          this.#closed = true;
          break;
        default:
          throw new Error(`Cannot read a WebSocket: opcode ${opcode} means nothing`);
      }
    }
  }

  /** The next whole frame; undefined until it has arrived. */
  #take(): Frame | undefined {
    const bytes = this.#buffered;
    if (bytes.length < 2) return undefined;
    const [first, second] = [bytes[0]!, bytes[1]!];
    if ((first & 0x70) !== 0) throw new Error("Cannot read a WebSocket: extensions were not agreed on");
    const isMasked = (second & masked) !== 0;
    if (isMasked !== (this.#side === "server")) {
      throw new Error("Cannot read a WebSocket: clients mask and servers do not");
    }
    let at = 2;
    let length = second & 0x7f;
    if (length > mostControlBytes) {
      const size = length === 126 ? 2 : 8;
      if (bytes.length < at + size) return undefined;
      length = size === 2 ? bytes.readUInt16BE(at) : Number(bytes.readBigUInt64BE(at));
      at += size;
    }
    const opcode = first & 0x0f;
    if (length > (opcode >= opcodes.close ? mostControlBytes : mostBytes)) {
      throw new Error(`Cannot read a WebSocket: a frame of ${length} bytes is too long`);
    }
    const mask = isMasked ? bytes.subarray(at, at + 4) : undefined;
    if (mask) at += 4;
    if (bytes.length < at + length) return undefined;
    const payload = Buffer.from(bytes.subarray(at, at + length));
    if (mask) applyMask(payload, mask);
    this.#buffered = bytes.subarray(at + length);
    return { opcode, payload };
  }

  #send(opcode: number, bytes: Uint8Array): Promise<void> {
    const isClient = this.#side === "client";
    const payload = Buffer.from(bytes);
    const mask = isClient ? randomBytes(4) : undefined;
    if (mask) applyMask(payload, mask);
    const frame = [headerOf(opcode, payload.length, isClient), ...(mask ? [mask] : []), payload];
    return new Promise((resolve, reject) => {
      this.#socket.write(Buffer.concat(frame), (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** §7.4.1: what was meant is done. */
const closing = Buffer.from([1000 >> 8, 1000 & 0xff]);

function headerOf(opcode: number, length: number, isMasked: boolean): Buffer {
  const second = isMasked ? masked : 0;
  if (length <= mostControlBytes) return Buffer.from([final | opcode, second | length]);
  if (length <= 0xffff) return Buffer.from([final | opcode, second | 126, length >> 8, length & 0xff]);
  const header = Buffer.alloc(10);
  header.set([final | opcode, second | 127]);
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

function applyMask(payload: Buffer, mask: Uint8Array): void {
  for (let at = 0; at < payload.length; at++) payload[at]! ^= mask[at % 4]!;
}
