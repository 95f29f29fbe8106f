// Frames on a stream, as QEMU's filter-redirector sends and takes them: the length in four bytes, big end first, then
// the frame.

const headerBytes = 4;
/** A jumbo frame and a tag; whatever says that it is longer is no frame. */
const mostBytes = 64 * 1024;

export function encodeFrame(frame: Uint8Array): Buffer {
  const message = Buffer.alloc(headerBytes + frame.length);
  message.writeUInt32BE(frame.length);
  message.set(frame, headerBytes);
  return message;
}

/** Takes a stream apart, in whatever pieces it comes. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  read(piece: Uint8Array): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, piece]);
    const frames: Buffer[] = [];
    while (this.#rest.length >= headerBytes) {
      const length = this.#rest.readUInt32BE();
      if (length > mostBytes) throw new Error(`Cannot read a frame of ${length} bytes`);
      if (this.#rest.length < headerBytes + length) break;
      frames.push(Buffer.from(this.#rest.subarray(headerBytes, headerBytes + length)));
      this.#rest = this.#rest.subarray(headerBytes + length);
    }
    return frames;
  }
}
