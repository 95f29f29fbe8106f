export interface BackOff {
  readonly firstMs: number;
  readonly longestMs: number;
}

export const usualBackOff: BackOff = { firstMs: 200, longestMs: 60_000 };

/**
 * How long to wait after so many failures in a row: doubling up to the longest, and of that a random part between
 * half and all, so that what failed together does not come back together.
 */
export function backOffMs({ firstMs, longestMs }: BackOff, failures: number, random: () => number): number {
  const doubled = firstMs * 2 ** Math.min(failures - 1, 40);
  return Math.min(doubled, longestMs) * (0.5 + random() / 2);
}
