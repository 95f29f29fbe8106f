// The little that the image builder wants to know of an ELF-64 little-endian file (System V gABI, chapters 4 and 5).

const LOAD = 1;
const DYNAMIC = 2;
const INTERPRETER = 3;
const DT_NEEDED = 1n;
const DT_STRTAB = 5n;

export const isElf = (bytes: Uint8Array): boolean =>
  bytes.length > 64 &&
  bytes[0] === 0x7f &&
  bytes[1] === 0x45 &&
  bytes[2] === 0x4c &&
  bytes[3] === 0x46 &&
  bytes[4] === 2;

/** The part that the kernel and the dynamic linker read: symbol tables and debug sections lie behind it. */
export function withoutSections(bytes: Uint8Array): Buffer {
  const end = Math.max(...segments(bytes).map((segment) => segment.offset + segment.size));
  const kept = Buffer.from(bytes.subarray(0, end));
  kept.writeBigUInt64LE(0n, 40); // no section header table
  kept.writeUInt32LE(0, 60); // of no entries, and no names
  return kept;
}

/** The names of the libraries that it asks the dynamic linker for, and of that linker. */
export function needed(bytes: Uint8Array): string[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const all = segments(view);
  const interpreter = all.find(({ type }) => type === INTERPRETER);
  const names = interpreter ? [textAt(view, interpreter.offset).split("/").at(-1)!] : [];

  const dynamic = all.find(({ type }) => type === DYNAMIC);
  if (!dynamic) return names;
  const entries: [tag: bigint, value: bigint][] = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    entries.push([view.readBigUInt64LE(at), view.readBigUInt64LE(at + 8)]);
  }
  const strings = fileOffset(all, Number(entries.find(([tag]) => tag === DT_STRTAB)?.[1] ?? 0n));
  return [
    ...names,
    ...entries.filter(([tag]) => tag === DT_NEEDED).map(([, name]) => textAt(view, strings + Number(name))),
  ];
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function segments(bytes: Uint8Array): Segment[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = Number(view.readBigUInt64LE(32));
  const entrySize = view.readUInt16LE(54);
  return Array.from({ length: view.readUInt16LE(56) }, (_, index) => {
    const at = table + index * entrySize;
    return {
      type: view.readUInt32LE(at),
      offset: Number(view.readBigUInt64LE(at + 8)),
      address: Number(view.readBigUInt64LE(at + 16)),
      size: Number(view.readBigUInt64LE(at + 32)),
    };
  });
}

function fileOffset(all: readonly Segment[], address: number): number {
  const home = all.find((it) => it.type === LOAD && address >= it.address && address < it.address + it.size);
  if (!home) throw new Error(`Cannot read ELF file: no segment holds address ${address.toString(16)}`);
  return address - home.address + home.offset;
}

const textAt = (view: Buffer, at: number) => view.toString("latin1", at, view.indexOf(0, at));
