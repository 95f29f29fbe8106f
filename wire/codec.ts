// One value describes a layout: it reads, it writes, and its type is the type of what was read.
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

export interface Codec<T> {
  decode(r: Reader): T;
  encode(w: Writer, value: T): void;
  /** Set on padding and constants: a struct writes them by itself and leaves them out of its value. */
  readonly silent?: true;
}

/** The type that a codec reads and writes. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** Reads all of `bytes`. Byte fields of the result share their memory. Throws WireError, never anything else. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const r = new Reader(bytes);
  try {
    const value = codec.decode(r);
    expectEnd(r);
    return value;
  } catch (thrown) {
    throw r.blame(thrown);
  }
}

/** Reads one value from the start of `bytes` and tells how many bytes it took. */
export function decodePrefix<T>(codec: Codec<T>, bytes: Uint8Array): { value: T; size: number } {
  const r = new Reader(bytes);
  try {
    return { value: codec.decode(r), size: r.offset };
  } catch (thrown) {
    throw r.blame(thrown);
  }
}

/** Runs `codec` over exactly the next `size` bytes of `r`. */
export function decodeWithin<T>(r: Reader, size: number, codec: Codec<T>): T {
  if (size < 0) throw r.error(`a size of ${size} bytes`);
  const outerEnd = r.end;
  const start = r.take(size);
  r.offset = start;
  r.end = start + size;
  const value = codec.decode(r);
  expectEnd(r);
  r.end = outerEnd;
  return value;
}

function expectEnd(r: Reader): void {
  if (r.offset !== r.end) throw r.error(`${r.left} byte${r.left === 1 ? "" : "s"} left over`);
}

/**
 * Writes `value`. With `into`, the result is a view of it when it suffices, so that a buffer can serve again and
 * again; without it, the result is memory of its own.
 */
export function encode<T>(codec: Codec<T>, value: T, into?: Uint8Array): Uint8Array {
  const w = into ? new Writer(into) : borrowScratch();
  try {
    codec.encode(w, value);
    return into ? w.bytes.subarray(0, w.offset) : w.bytes.slice(0, w.offset);
  } catch (thrown) {
    throw w.blame(thrown);
  } finally {
    if (!into && w.bytes.length <= scratchLimit) scratch = w;
  }
}

let scratch: Writer | undefined;
const scratchLimit = 64 * 1024;

/** One writer serves every call; a codec that itself calls `encode` finds it taken and gets another. */
function borrowScratch(): Writer {
  const w = scratch ?? new Writer(new Uint8Array(2048));
  scratch = undefined;
  w.offset = 0;
  return w;
}
