import { WireError } from "./error.ts";

/** A place in a byte array, and the end that may not be read past. */
export class Reader {
  readonly bytes: Uint8Array;
  offset: number;
  end: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.offset = 0;
    this.end = bytes.length;
  }

  get left(): number {
    return this.end - this.offset;
  }

  /** Steps over `size` bytes and returns where they begin. */
  take(size: number): number {
    const start = this.offset;
    const next = start + size;
    if (next > this.end) throw this.short(size);
    this.offset = next;
    return start;
  }

  /** The next `size` bytes, sharing the input's memory. */
  view(size: number): Uint8Array {
    const start = this.take(size);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, size);
  }

  /** An error about what begins at `offset`. */
  error(reason: string, offset = this.offset): WireError {
    return new WireError("decode", offset, reason);
  }

  /** Whatever was thrown while decoding, as this room's error. */
  blame(thrown: unknown): WireError {
    if (thrown instanceof WireError) return thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return new WireError("decode", this.offset, reason, { cause: thrown });
  }

  private short(size: number): WireError {
    return this.error(`needs ${size} byte${size === 1 ? "" : "s"}, ${this.left} left`);
  }
}
