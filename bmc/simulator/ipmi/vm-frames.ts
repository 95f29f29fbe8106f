// How QEMU's `ipmi-bmc-extern` and a BMC outside of it speak over a byte stream: the virtual machine protocol of
// OpenIPMI. A frame ends with a byte that says its kind; those bytes inside it are escaped.

export type VmFrame = { readonly kind: "message" | "command"; readonly bytes: Uint8Array };

const ends = { message: 0xa0, command: 0xa1 } as const;
const escape = 0xaa;
/** Set in an escaped byte, which no byte that needs escaping has. */
const escapedBit = 0x10;
/** Of QEMU's own buffer; a longer frame is no frame of anybody. */
const mostBytes = 300;

const isSpecial = (byte: number) => byte === ends.message || byte === ends.command || byte === escape;

export function writeFrame({ kind, bytes }: VmFrame): Uint8Array {
  const escaped = [...bytes].flatMap((byte) => (isSpecial(byte) ? [escape, byte | escapedBit] : [byte]));
  return Uint8Array.from([...escaped, ends[kind]]);
}

/** Finds the frames in a stream, however it is cut. A frame that is too long or badly escaped is left out. */
export class VmFrameReader {
  #bytes: number[] = [];
  #escaped = false;
  #broken = false;

  read(chunk: Uint8Array): readonly VmFrame[] {
    const frames: VmFrame[] = [];
    for (const byte of chunk) {
      if (byte === ends.message || byte === ends.command) {
        const kind = byte === ends.message ? "message" : "command";
        if (!this.#broken && !this.#escaped) frames.push({ kind, bytes: Uint8Array.from(this.#bytes) });
        this.#bytes = [];
        this.#escaped = false;
        this.#broken = false;
      } else if (byte === escape) {
        this.#broken ||= this.#escaped;
        this.#escaped = true;
      } else {
        if (this.#bytes.length === mostBytes) this.#broken = true;
        else this.#bytes.push(this.#escaped ? byte & ~escapedBit : byte);
        this.#escaped = false;
      }
    }
    return frames;
  }
}
