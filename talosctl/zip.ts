// A ZIP archive, written as its files come (PKWARE's APPNOTE.TXT, version 6.3.10; the sections are of it).
import { crc32, deflateRawSync } from "node:zlib";

interface Entry {
  readonly header: Buffer;
  readonly name: Buffer;
  readonly offset: number;
}

const signatures = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 };
const version = 20;
/** Made by Unix, whose mode stands in the upper half of the attributes: a regular file, for its owner only. */
const madeByUnix = (3 << 8) | version;
const mode = (0o100600 << 16) >>> 0;
const deflated = 8;
/** §4.4.4, bit 11: names are UTF-8. */
const flags = 1 << 11;

export class ZipWriter {
  readonly #write: (bytes: Uint8Array) => Promise<unknown>;
  readonly #entries: Entry[] = [];
  #offset = 0;

  constructor(write: (bytes: Uint8Array) => Promise<unknown>) {
    this.#write = write;
  }

  /** One after the other: each must be written before the next is begun. */
  async add(path: string, content: Uint8Array, at: Date): Promise<void> {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content);
    const header = fields(
      [2, version],
      [2, flags],
      [2, deflated],
      ...moment(at),
      [4, crc32(content)],
      [4, packed.length],
      [4, content.length],
      [2, name.length],
      [2, 0],
    );
    this.#entries.push({ header, name, offset: this.#offset });
    await this.#put(fields([4, signatures.local]), header, name, packed);
  }

  /** §4.3.12: the directory of all files, and where it begins. */
  async end(): Promise<void> {
    const start = this.#offset;
    for (const { header, name, offset } of this.#entries) {
      const place = fields([2, 0], [2, 0], [2, 0], [4, mode], [4, offset]);
      await this.#put(fields([4, signatures.central], [2, madeByUnix]), header, place, name);
    }
    const count = this.#entries.length;
    const size = this.#offset - start;
    await this.#put(
      fields([4, signatures.end], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, start], [2, 0]),
    );
  }

  async #put(...parts: readonly Uint8Array[]): Promise<void> {
    const bytes = Buffer.concat(parts);
    this.#offset += bytes.length;
    await this.#write(bytes);
  }
}

/** Little-endian numbers of two or four bytes, one behind the other. */
function fields(...numbers: readonly (readonly [size: 2 | 4, value: number])[]): Buffer {
  const bytes = Buffer.alloc(numbers.reduce((sum, [size]) => sum + size, 0));
  let at = 0;
  for (const [size, value] of numbers) at = bytes.writeUIntLE(value, at, size);
  return bytes;
}

/** §4.4.6: the time and the date of MS-DOS, in steps of two seconds, from 1980 on. */
const moment = (at: Date) =>
  [
    [2, (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)],
    [2, ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()],
  ] as const;
