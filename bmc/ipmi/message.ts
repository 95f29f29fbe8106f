// An IPMI message as it travels over LAN: addresses, network function, two checksums. IPMI 2.0 §13.8.
import { bits } from "../../wire/bits.ts";
import { rest } from "../../wire/bytes.ts";
import { type Codec, decode, encode } from "../../wire/codec.ts";
import { u8 } from "../../wire/integers.ts";
import { struct } from "../../wire/struct.ts";
import { checksum } from "./checksum.ts";

export interface Message {
  readonly netFn: number;
  readonly lun: number;
  /** Pairs a response with its request; six bits. */
  readonly sequence: number;
  readonly code: number;
  readonly data: Uint8Array;
}

/** §5.5: the BMC's own address, and the one that remote consoles take. */
const [bmcAddress, consoleAddress] = [0x20, 0x81];

const layout = struct({
  to: u8,
  function: bits({ netFn: 6, lun: 2 }),
  headerCheck: u8,
  from: u8,
  pairing: bits({ sequence: 6, lun: 2 }),
  code: u8,
  data: rest,
});

/** Both directions lay out the same; a response has an odd network function and its completion code first in `data`. */
export const message: Codec<Message> = {
  decode(r) {
    const start = r.offset;
    if (checksum(r.bytes, start, r.end - start) !== checksum(r.bytes, start, 3)) {
      // The whole sums to zero when both checksums are right; the first three bytes sum to zero by themselves.
      throw r.error("has a wrong checksum", start);
    }
    if (checksum(r.bytes, start, 3) !== 0) throw r.error("has a wrong checksum in its header", start);
    if (r.left < 7) throw r.error(`needs 7 bytes, ${r.left} left`);
    r.end -= 1;
    const { function: target, pairing, code, data } = layout.decode(r);
    r.end += 1;
    r.take(1);
    return { netFn: target.netFn, lun: target.lun, sequence: pairing.sequence, code, data };
  },
  encode(w, { netFn, lun, sequence, code, data }) {
    const isRequest = netFn % 2 === 0;
    const [to, from] = isRequest ? [bmcAddress, consoleAddress] : [consoleAddress, bmcAddress];
    const start = w.offset;
    const target = { netFn, lun: isRequest ? lun : 0 };
    const pairing = { sequence, lun: isRequest ? 0 : lun };
    layout.encode(w, { to, function: target, headerCheck: 0, from, pairing, code, data });
    w.bytes[start + 2] = checksum(w.bytes, start, 2);
    const size = w.offset - start;
    const at = w.take(1);
    w.bytes[at] = checksum(w.bytes, start + 3, size - 3);
  },
};

export const readMessage = (payload: Uint8Array): Message => decode(message, payload);
export const writeMessage = (value: Message): Uint8Array => encode(message, value);
