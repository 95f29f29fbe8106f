// The primitive types of X.690 §8 as DER (§10, §11) restricts them.
import type { Codec } from "./codec.ts";
import { MalformedDer, writeElement } from "./element.ts";

/** A primitive type: its universal tag, and its content octets both ways. */
export function primitive<T>(
  tag: number,
  write: (value: T) => Uint8Array,
  read: (content: Uint8Array) => T,
): Codec<T> {
  return {
    accepts: (candidate) => candidate === tag,
    encode: (value) => writeElement(tag, write(value)),
    decode: (element) => read(element.content),
  };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");

/** Any element, kept as it stands. */
export const any: Codec<Uint8Array> = {
  accepts: () => true,
  encode: (value) => value,
  decode: (element) => element.bytes,
};

export const boolean = primitive<boolean>(
  0x01,
  (value) => Uint8Array.of(value ? 0xff : 0),
  (content) => {
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
      throw new MalformedDer("a boolean is one octet, 00 or ff");
    }
    return content[0] === 0xff;
  },
);

/** A whole number that is not negative. 20 octets at most: RFC 5280 §4.1.2.2 asks no more of a serial number. */
export const integer = primitive<bigint>(
  0x02,
  (value) => {
    if (value < 0n) throw new MalformedDer(`cannot write the negative number ${value}`);
    const digits = value.toString(16);
    const octets = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
    return octets[0]! < 0x80 ? octets : Buffer.concat([Uint8Array.of(0), octets]);
  },
  (content) => {
    if (content.length === 0 || content.length > 20) {
      throw new MalformedDer(`a number of ${content.length} octets`);
    }
    if (content[0]! >= 0x80) throw new MalformedDer("a negative number");
    if (content.length > 1 && content[0] === 0 && content[1]! < 0x80) {
      throw new MalformedDer("a number with a needless leading zero");
    }
    return BigInt(`0x${hex(content)}`);
  },
);

/** Whole octets only, as signatures and keys are. */
export const bitString = primitive<Uint8Array>(
  0x03,
  (value) => Buffer.concat([Uint8Array.of(0), value]),
  (content) => {
    if (content[0] !== 0) throw new MalformedDer("a bit string that is not whole octets");
    return content.subarray(1);
  },
);

/** Named bits (§11.2.2): the first name is bit 0, the most significant of the first octet; no trailing zero bits. */
export function namedBits<Name extends string>(names: readonly Name[]): Codec<readonly Name[]> {
  return primitive<readonly Name[]>(
    0x03,
    (value) => {
      const last = Math.max(-1, ...value.map((name) => names.indexOf(name)));
      const octets = new Uint8Array(Math.ceil((last + 1) / 8));
      for (const name of value) {
        const bit = names.indexOf(name);
        octets[bit >> 3]! |= 0x80 >> (bit & 7);
      }
      return Buffer.concat([Uint8Array.of(octets.length * 8 - (last + 1)), octets]);
    },
    (content) => {
      const [unused, ...octets] = content;
      if (unused === undefined || unused > 7)
        throw new MalformedDer("a bit string without its count of unused bits");
      const bits = octets.length * 8 - unused;
      if (bits < 0) throw new MalformedDer("more unused bits than bits");
      const isSet = (bit: number) => (octets[bit >> 3]! & (0x80 >> (bit & 7))) !== 0;
      const unusedMask = (1 << unused) - 1;
      if (bits > 0 && (!isSet(bits - 1) || (octets.at(-1)! & unusedMask) !== 0)) {
        throw new MalformedDer("named bits with trailing zeros");
      }
      if (bits > names.length) throw new MalformedDer(`bit ${bits - 1} has no meaning`);
      return names.filter((_, bit) => bit < bits && isSet(bit));
    },
  );
}

export const octetString = primitive<Uint8Array>(
  0x04,
  (value) => value,
  (content) => content,
);

export const nothing = primitive<null>(
  0x05,
  () => new Uint8Array(),
  (content) => {
    if (content.length > 0) throw new MalformedDer("a null with content");
    return null;
  },
);

/** Dotted decimal. */
export const oid = primitive<string>(
  0x06,
  (value) => {
    const [first = 0, second = 0, ...rest] = value.split(".").map(Number);
    return Uint8Array.from([first * 40 + second, ...rest].flatMap(base128));
  },
  (content) => {
    if (content.length === 0 || content.length > 64) {
      throw new MalformedDer(`an object identifier of ${content.length} octets`);
    }
    const arcs: number[] = [];
    let arc = 0;
    let inside = false;
    for (const octet of content) {
      if (!inside && octet === 0x80)
        throw new MalformedDer("an object identifier with a needless leading zero");
      arc = arc * 128 + (octet & 0x7f);
      if (arc > Number.MAX_SAFE_INTEGER)
        throw new MalformedDer("an object identifier with an arc above 2^53");
      inside = octet >= 0x80;
      if (inside) continue;
      arcs.push(arc);
      arc = 0;
    }
    if (inside) throw new MalformedDer("an object identifier that ends inside an arc");
    const [head = 0, ...rest] = arcs;
    const first = Math.min(2, Math.floor(head / 40));
    return [first, head - first * 40, ...rest].join(".");
  },
);

function base128(arc: number): readonly number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift(0x80 | (rest % 128));
  }
  return octets;
}
