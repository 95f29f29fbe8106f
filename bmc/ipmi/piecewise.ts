import { completions } from "./completion.ts";
import { IpmiError } from "./error.ts";

/** The BMC, or the bus behind it, cannot return so much at once. */
const tooMuch: ReadonlySet<number | undefined> = new Set([
  completions.cannotReturnSoMany,
  completions.lengthExceeded,
  completions.wrongLength,
  completions.parameterOutOfRange,
  completions.unspecified,
]);

const [mostBytes, leastBytes] = [128, 8];

/** Reads `size` bytes by pieces as large as the BMC allows, which differ: 16 on old ones, more than 200 on new ones. */
export async function readInPieces(
  size: number,
  read: (offset: number, size: number) => Promise<Uint8Array>,
  start: { readonly piece: number } = { piece: mostBytes },
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let [at, piece] = [0, start.piece];
  while (at < size) {
    try {
      const data = await read(at, Math.min(piece, size - at));
      // A BMC that knows less than it announced: what there is will do.
      if (data.length === 0) break;
      pieces.push(data.slice(0, size - at));
      at += data.length;
    } catch (error) {
      if (!(error instanceof IpmiError) || !tooMuch.has(error.completion) || piece <= leastBytes) throw error;
      piece = Math.max(leastBytes, piece >> 1);
    }
  }
  return Buffer.concat(pieces);
}
