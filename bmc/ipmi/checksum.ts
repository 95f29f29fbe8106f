/** IPMI 2.0 §13.8: two's complement of the sum, so that what is right sums to zero. */
export function checksum(bytes: Uint8Array, start: number, size: number): number {
  let sum = 0;
  for (let at = start; at < start + size; at++) sum += bytes[at] ?? 0;
  return -sum & 0xff;
}
