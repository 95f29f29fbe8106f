// X.690 §8.1 and §10: one tag-length-value, in the one form that DER allows.

/** Thrown for bytes that are not the DER they should be. Messages carry the path to the field. */
export class MalformedDer extends Error {
  override readonly name = "MalformedDer";
  readonly #reason: string;
  #path = "";

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.#reason = reason;
  }

  /** The same error, seen from the field around it. */
  within(field: string): this {
    this.#path = this.#path === "" ? field : `${field}.${this.#path}`;
    this.message = `${this.#path}: ${this.#reason}`;
    return this;
  }
}

export interface Element {
  /** The identifier octet: class, constructed bit and tag number together. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Identifier, length and content. */
  readonly bytes: Uint8Array;
}

/** Far above any certificate in use, far below what could hurt. */
const maxBytes = 64 * 1024;

/** The element at the start of `bytes`; what follows it is `bytes.subarray(element.bytes.length)`. */
export function readElement(bytes: Uint8Array): Element {
  const tag = bytes[0];
  const length = bytes[1];
  if (tag === undefined || length === undefined) throw new MalformedDer("ends inside an element's header");
  if ((tag & 0x1f) === 0x1f) throw new MalformedDer("uses a tag number above 30");
  if (length < 0x80) return cut(bytes, tag, 2, length);

  const octets = length & 0x7f;
  if (octets === 0) throw new MalformedDer("uses an indefinite length");
  if (octets > 3) throw new MalformedDer(`claims a length of ${octets} octets`);
  let size = 0;
  for (let index = 2; index < 2 + octets; index++) {
    const octet = bytes[index];
    if (octet === undefined) throw new MalformedDer("ends inside an element's header");
    size = size * 256 + octet;
  }
  if (size < 0x80 || size < 256 ** (octets - 1)) throw new MalformedDer("writes a length longer than needed");
  return cut(bytes, tag, 2 + octets, size);
}

function cut(bytes: Uint8Array, tag: number, header: number, size: number): Element {
  const end = header + size;
  if (end > maxBytes) throw new MalformedDer(`is longer than ${maxBytes} bytes`);
  if (end > bytes.length) {
    throw new MalformedDer(`promises ${size} bytes where ${bytes.length - header} are left`);
  }
  return { tag, content: bytes.subarray(header, end), bytes: bytes.subarray(0, end) };
}

/** The elements that fill `bytes` completely. */
export function* readElements(bytes: Uint8Array): Generator<Element> {
  let rest = bytes;
  while (rest.length > 0) {
    const element = readElement(rest);
    yield element;
    rest = rest.subarray(element.bytes.length);
  }
}

export function writeElement(tag: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(tag, ...lengthOctets(content.length)), content]);
}

function lengthOctets(size: number): readonly number[] {
  if (size < 0x80) return [size];
  if (size < 0x100) return [0x81, size];
  if (size < 0x10000) return [0x82, size >> 8, size & 0xff];
  throw new MalformedDer(`cannot write ${size} bytes as one element`);
}
