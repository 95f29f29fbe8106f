// How options lie in a packet, which no table describes: pad, end, values in pieces, options in the fields of BOOTP.

export const pad = 0;
export const end = 255;
/** The length of an option is one byte. */
export const largestPiece = 255;

/** Where in a packet options lie: always in the last of these, in the others if an option says so. */
export const areas = {
  serverName: { start: 44, end: 108 },
  file: { start: 108, end: 236 },
  options: { start: 240 },
} as const;

/** RFC 2132 §9.3: which fields of BOOTP hold more options. */
export const overload = { code: 52, file: 1, serverName: 2 } as const;

/** The value of an option, or a piece of it: from `start` up to `end`, which is not part of it. */
export interface Piece {
  readonly code: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Its length runs past the end of the area. */
  readonly isCutShort: boolean;
}

/** The options between `start` and `limit`. A missing end is tolerated: some clients send none. */
export function piecesIn(bytes: Uint8Array, start: number, limit: number): Piece[] {
  const pieces: Piece[] = [];
  let at = start;
  while (at < limit && bytes[at] !== end) {
    const code = bytes[at]!;
    at++;
    if (code === pad) continue;
    const promised = at < limit ? bytes[at]! : 1;
    const valueStart = Math.min(at + 1, limit);
    at = Math.min(valueStart + promised, limit);
    pieces.push({ code, bytes, start: valueStart, end: at, isCutShort: at - valueStart < promised });
  }
  return pieces;
}

/** RFC 3396 §7: the pieces of one option make one value, in the order in which they came. */
export function joinPieces(pieces: readonly Piece[]): readonly Piece[] {
  if (!haveRepeats(pieces)) return pieces;
  return [...Map.groupBy(pieces, ({ code }) => code)].map(([code, parts]) => {
    if (parts.length === 1) return parts[0]!;
    const bytes = Buffer.concat(parts.map((part) => part.bytes.subarray(part.start, part.end)));
    return { code, bytes, start: 0, end: bytes.length, isCutShort: parts.some((part) => part.isCutShort) };
  });
}

function haveRepeats(pieces: readonly Piece[]): boolean {
  const seen = new Uint32Array(8);
  for (const { code } of pieces) {
    const word = code >> 5;
    const bit = 1 << (code & 31);
    if ((seen[word]! & bit) !== 0) return true;
    seen[word]! |= bit;
  }
  return false;
}
