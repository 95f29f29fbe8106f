import { type Element, MalformedDer, readElement } from "./element.ts";

/**
 * How one ASN.1 type stands in DER, read and written from the same declaration. What a codec reads it writes back
 * to the same bytes: an encoding that DER does not allow is refused rather than corrected.
 */
export interface Codec<T> {
  /** Whether an element with this identifier octet can be such a value. */
  accepts(tag: number): boolean;
  encode(value: T): Uint8Array;
  decode(element: Element): T;
  /** Present when a SEQUENCE may leave the field out: what its absence means. */
  readonly absent?: { readonly value: T };
}

export type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** Reads `bytes`, all of them, as one value. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const element = readElement(bytes);
  if (element.bytes.length < bytes.length) {
    throw new MalformedDer(`${bytes.length - element.bytes.length} bytes follow its end`);
  }
  return decodeElement(codec, element);
}

export function decodeElement<T>(codec: Codec<T>, element: Element): T {
  if (!codec.accepts(element.tag)) {
    throw new MalformedDer(`cannot begin with tag 0x${element.tag.toString(16).padStart(2, "0")}`);
  }
  return codec.decode(element);
}

/** Does what `body` does; a malformed value is then reported as standing in `field`. */
export function inField<T>(field: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof MalformedDer) throw error.within(field);
    throw error;
  }
}
