import { rest } from "../bytes.ts";
import { type Codec, decodeWithin } from "../codec.ts";
import { Reader } from "../reader.ts";
import { indexRows, type UnknownOption } from "../tlv.ts";
import type { Writer } from "../writer.ts";
import { areas, end, joinPieces, largestPiece, overload, type Piece, piecesIn } from "./option-pieces.ts";
import { type Options, optionRows } from "./options.ts";

/** An option whose value is not what the table says, while the packet around it is sound. */
export interface MalformedOption {
  readonly code: number;
  readonly value: Uint8Array;
  readonly why: string;
}

export interface OptionArea {
  readonly options: Options;
  /** Absent when every option could be read. Whoever receives packets counts these. */
  readonly malformed?: readonly MalformedOption[] | undefined;
}

const { byCode, byName } = indexRows(optionRows);

/** Reads the options of the packet that begins at `packetStart`; `r` has just left its header. */
export function decodeOptions(r: Reader, packetStart: number) {
  const pieces = piecesIn(r.bytes, r.offset, r.end);
  r.offset = r.end;

  const overloaded = overloadOf(pieces);
  // RFC 2131 §4.1: first the options field, then file, then sname.
  for (const name of ["file", "serverName"] as const) {
    const { start, end } = areas[name];
    if (overloaded[name]) pieces.push(...piecesIn(r.bytes, packetStart + start, packetStart + end));
  }
  return { ...decodeValues(joinPieces(pieces)), overloaded };
}

function overloadOf(pieces: readonly Piece[]): { file: boolean; serverName: boolean } {
  const piece = pieces.find(({ code }) => code === overload.code);
  const bits = piece && piece.end > piece.start ? piece.bytes[piece.start]! : 0;
  return { file: (bits & overload.file) !== 0, serverName: (bits & overload.serverName) !== 0 };
}

function decodeValues(pieces: readonly Piece[]): OptionArea {
  const options: Record<string, unknown> = {};
  const unknown: UnknownOption[] = [];
  const malformed: MalformedOption[] = [];
  for (const piece of pieces) {
    const { code, start, end } = piece;
    if (code === overload.code) continue;
    const row = byCode[code];
    const r = new Reader(piece.bytes);
    r.offset = start;
    r.end = end;
    try {
      if (piece.isCutShort) throw r.error("its length runs past the end of the options");
      const value = decodeWithin(r, end - start, row?.codec ?? rest);
      if (row) options[row.name] = value;
      else unknown.push({ code, value: value as Uint8Array });
    } catch (thrown) {
      const why = r.blame(thrown).inside(row?.name ?? `option ${code}`).message;
      r.offset = start;
      r.end = end;
      malformed.push({ code, value: r.view(end - start), why });
    }
  }
  if (unknown.length > 0) options["unknown"] = unknown;
  return malformed.length > 0 ? { options, malformed } : { options };
}

/** Writes options in the order of their keys, then the unknown and the malformed ones as they came, then the end. */
export function encodeOptions(w: Writer, { options, malformed = [] }: OptionArea): void {
  for (const name in options) {
    const value = options[name as keyof Options];
    if (value === undefined || name === "unknown") continue;
    const row = byName.get(name);
    if (!row) throw w.error("is not in the table").inside(name);
    try {
      encodeOption(w, row.code, row.codec, value);
    } catch (thrown) {
      throw w.blame(thrown).inside(name);
    }
  }
  for (const { code, value } of [...(options.unknown ?? []), ...malformed])
    encodeOption(w, code, rest, value);
  const at = w.take(1);
  w.bytes[at] = end;
}

function encodeOption(w: Writer, code: number, codec: Codec<unknown>, value: unknown): void {
  const header = w.take(2);
  const start = w.offset;
  codec.encode(w, value);
  const size = w.offset - start;
  if (size > largestPiece) {
    const whole = w.bytes.slice(start, w.offset);
    w.offset = header;
    encodeInPieces(w, code, whole);
  } else {
    w.bytes[header] = code;
    w.bytes[header + 1] = size;
  }
}

/** RFC 3396 §6: as many options of the same code as it takes, one behind another. */
function encodeInPieces(w: Writer, code: number, value: Uint8Array): void {
  for (let start = 0; start < value.length; start += largestPiece) {
    const piece = value.subarray(start, start + largestPiece);
    const at = w.take(2 + piece.length);
    w.bytes[at] = code;
    w.bytes[at + 1] = piece.length;
    w.bytes.set(piece, at + 2);
  }
}
