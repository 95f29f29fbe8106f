import { WireError } from "./error.ts";

/** A place in a byte array that grows as it is written. */
export class Writer {
  bytes: Uint8Array;
  offset = 0;

  /** Writes into `bytes` as long as they suffice, then into a larger copy. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Steps over `size` bytes and returns where they begin. They hold whatever was there: write all of them. */
  take(size: number): number {
    const start = this.offset;
    const next = start + size;
    if (next > this.bytes.length) this.grow(next);
    this.offset = next;
    return start;
  }

  /** An error about the value that would begin at `offset`. */
  error(reason: string, offset = this.offset): WireError {
    return new WireError("encode", offset, reason);
  }

  /** Whatever was thrown while encoding, as this room's error. */
  blame(thrown: unknown): WireError {
    if (thrown instanceof WireError) return thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return new WireError("encode", this.offset, reason, { cause: thrown });
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2, 64));
    larger.set(this.bytes.subarray(0, this.offset));
    this.bytes = larger;
  }
}
