// Netlink's framing (RFC 3549 §2.3.2): messages one after another in a datagram, each padded to four bytes.
import { rest } from "../../../wire/bytes.ts";
import { type Codec, decode, encode, type ValueOf } from "../../../wire/codec.ts";
import { i32le, u16le, u32le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";

export const flags = {
  request: 1,
  multi: 2,
  ack: 4,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
} as const;

const header = struct({ type: u16le, flags: u16le, sequence: u32le, port: u32le });
const headerSize = 16;

export interface Message extends ValueOf<typeof header> {
  readonly payload: Uint8Array;
}

/** The types that mean the same in every netlink family. */
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

export type Reply =
  /** The request was carried out (code 0) or refused (an errno). */
  | { readonly kind: "answer"; readonly sequence: number; readonly errno: number }
  | { readonly kind: "end of dump"; readonly sequence: number }
  | {
      readonly kind: "message";
      readonly sequence: number;
      readonly type: number;
      readonly payload: Uint8Array;
    };

/** The messages of one datagram. */
export const datagram: Codec<readonly Message[]> = {
  decode(r) {
    const messages: Message[] = [];
    while (r.left >= headerSize) {
      const start = r.offset;
      const size = u32le.decode(r);
      if (size < headerSize) throw r.error(`a message of ${size} bytes`, start);
      const head = header.decode(r);
      messages.push({ ...head, payload: r.view(size - headerSize) });
      r.take(Math.min(-size & 3, r.left));
    }
    r.take(r.left);
    return messages;
  },
  encode(w, messages) {
    for (const { payload, ...head } of messages) {
      u32le.encode(w, headerSize + payload.length);
      header.encode(w, head);
      rest.encode(w, payload);
      for (let left = -payload.length & 3; left > 0; left--) {
        const at = w.take(1);
        w.bytes[at] = 0;
      }
    }
  },
};

const errorPayload = struct({ negativeErrno: i32le, request: rest });

export function replyOf({ type, sequence, payload }: Message): Reply {
  if (type === NLMSG_DONE) return { kind: "end of dump", sequence };
  if (type !== NLMSG_ERROR) return { kind: "message", sequence, type, payload };
  return { kind: "answer", sequence, errno: -decode(errorPayload, payload).negativeErrno };
}

export const encodeMessage = (message: Message): Uint8Array => encode(datagram, [message]);
