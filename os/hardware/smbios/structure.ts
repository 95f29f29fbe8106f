// SMBIOS (DMTF DSP0134 3.7) §6.1: structures one after another, each a formatted part and its strings.

import type { Codec } from "../../../wire/codec.ts";
import { decode } from "../../../wire/codec.ts";
import { u8, u16le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";

const END_OF_TABLE = 127;
const headerSize = 4;
const header = struct({ type: u8, size: u8, handle: u16le });

export interface Structure {
  readonly type: number;
  readonly handle: number;
  /** The formatted part behind its header. */
  readonly formatted: Uint8Array;
  /** Number 1 is the first; 0 means "none". */
  readonly strings: readonly string[];
}

/** What could be read, and why reading ended early if it did: firmware tables are often broken near their end. */
export interface Table {
  readonly structures: readonly Structure[];
  readonly broken?: string;
}

export function readStructures(bytes: Uint8Array): Table {
  const structures: Structure[] = [];
  let at = 0;
  while (at + headerSize <= bytes.length) {
    const { type, size, handle } = decode(header, bytes.subarray(at, at + headerSize));
    if (type === END_OF_TABLE) return { structures };
    if (size < headerSize || at + size > bytes.length) {
      return {
        structures,
        broken: `structure ${structures.length} (type ${type}) has an impossible size of ${size}`,
      };
    }
    const strings = readStrings(bytes, at + size);
    if (!strings)
      return {
        structures,
        broken: `the strings of structure ${structures.length} (type ${type}) do not end`,
      };
    structures.push({
      type,
      handle,
      formatted: bytes.subarray(at + headerSize, at + size),
      strings: strings.texts,
    });
    at = strings.end;
  }
  return { structures };
}

/** NUL-ended strings, ended by one more NUL; two NULs when there are none. */
function readStrings(bytes: Uint8Array, start: number): { texts: string[]; end: number } | undefined {
  const texts: string[] = [];
  let at = start;
  if (bytes[at] === 0 && bytes[at + 1] === 0) return { texts, end: at + 2 };
  while (bytes[at] !== 0) {
    const nul = bytes.indexOf(0, at);
    if (nul < 0) return undefined;
    texts.push(clean(Buffer.from(bytes.subarray(at, nul)).toString("latin1")));
    at = nul + 1;
  }
  return { texts, end: at + 1 };
}

/** Vendors fill fields with spaces and, rarely, with bytes that would harm a terminal. */
const clean = (text: string) => text.replaceAll(/\p{Cc}+/gu, " ").trim();

/** The formatted part's fields; those that an older table lacks read as zeros. */
export function fieldsOf<T>(codec: Codec<T>, size: number, { formatted }: Structure): T {
  const whole = new Uint8Array(size);
  whole.set(formatted.subarray(0, size));
  return decode(codec, whole);
}
