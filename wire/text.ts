// Text of one byte a character. The protocols here say ASCII; a higher byte is read as Latin-1, so that whatever
// was received is sent back unchanged.
import type { Codec } from "./codec.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** Declared for Buffer, works on any Uint8Array. */
const latin1Slice: (this: Uint8Array, start: number, end: number) => string = Buffer.prototype.latin1Slice;

/** A field of `size` bytes, padded with NUL. What follows the first NUL is not part of the text. */
export function text(size: number): Codec<string> {
  return {
    decode(r) {
      const start = r.take(size);
      return slice(r, start, nulOr(r, start, start + size));
    },
    encode(w, value) {
      if (value.length > size) throw w.error(`${value.length} characters do not fit in ${size} bytes`);
      const at = write(w, value, size);
      w.bytes.fill(0, at + value.length, at + size);
      if (value.includes("\0")) throw w.error("holds a NUL", at);
    },
  };
}

/** Text up to the end. */
export const restText: Codec<string> = {
  decode(r) {
    const start = r.take(r.left);
    return slice(r, start, r.end);
  },
  encode(w, value) {
    write(w, value, value.length);
  },
};

/** Text ended by a NUL. */
export const cstring: Codec<string> = {
  decode(r) {
    const nul = nulOr(r, r.offset, r.end);
    if (nul === r.end) throw r.error("has no NUL at its end");
    const start = r.offset;
    r.offset = nul + 1;
    return slice(r, start, nul);
  },
  encode(w, value) {
    const at = write(w, value, value.length + 1);
    w.bytes[at + value.length] = 0;
    if (value.includes("\0")) throw w.error("holds a NUL", at);
  },
};

function nulOr(r: Reader, start: number, end: number): number {
  let at = start;
  while (at < end && r.bytes[at] !== 0) at++;
  return at;
}

function slice(r: Reader, start: number, end: number): string {
  return start === end ? "" : latin1Slice.call(r.bytes, start, end);
}

/** Writes `value` at the start of `size` bytes. */
function write(w: Writer, value: string, size: number): number {
  const at = w.take(size);
  for (let index = 0; index < value.length; index++) {
    const character = value.charCodeAt(index);
    if (character > 0xff) throw w.error(`"${value[index]}" has no byte in Latin-1`, at);
    w.bytes[at + index] = character;
  }
  return at;
}
