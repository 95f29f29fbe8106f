/** Bits that neighbours pull over: all, none, every other, and one that depends on the place. */
const patterns: readonly ((index: number, pass: number) => number)[] = [
  () => 0,
  () => 0xffffffff,
  () => 0xaaaaaaaa,
  () => 0x55555555,
  (index, pass) => Math.imul(index ^ (pass * 0x9e3779b9), 0x85ebca6b) >>> 0,
];

/** Large enough to leave the caches, small enough for the event loop to turn between two. */
const pieceBytes = 8 * 1024 * 1024;

export interface MemoryTestOptions {
  readonly sizeBytes: number;
  readonly passes: number;
  readonly progress: (done: number, of: number) => void;
  readonly breathe: () => Promise<void>;
  /** Where the words are kept; tests give one that forgets. */
  readonly allocate?: (words: number) => Uint32Array;
}

/** Writes patterns over all of it before any of it is read back; resolves to how many words were wrong. */
export async function findBadMemory(options: MemoryTestOptions): Promise<number> {
  const { sizeBytes, passes, progress, breathe, allocate = (words) => new Uint32Array(words) } = options;
  const pieces: Uint32Array[] = [];
  for (let left = sizeBytes; left >= 4; left -= pieceBytes)
    pieces.push(allocate(Math.floor(Math.min(left, pieceBytes) / 4)));
  const steps = pieces.length * patterns.length * 2 * passes;
  let step = 0;
  let bad = 0;
  const next = () => {
    progress(++step, steps);
    return breathe();
  };
  for (let pass = 0; pass < passes; pass++) {
    for (const pattern of patterns) {
      for (const piece of pieces) {
        for (let index = 0; index < piece.length; index++) piece[index] = pattern(index, pass);
        await next();
      }
      for (const piece of pieces) {
        for (let index = 0; index < piece.length; index++) if (piece[index] !== pattern(index, pass)) bad++;
        await next();
      }
    }
  }
  return bad;
}
