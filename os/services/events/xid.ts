// Identifiers that sort by time, as clients parse them: 12 bytes, of which the first four are the second and the last
// three count, in base 32 with the alphabet of RFC 4648 §7, lower case.
const alphabet = "0123456789abcdefghijklmnopqrstuv";

/** Makes identifiers, each after the one before. `node` is five random bytes. */
export function xidMaker(node: Uint8Array, now: () => Date): () => string {
  let count = 0;
  let second = 0;
  return () => {
    // A clock that is set back must not bring the order into disorder.
    second = Math.max(second, Math.floor(now().getTime() / 1000));
    count = (count + 1) % 2 ** 24;
    if (count === 0) second += 1;
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32BE(second, 0);
    bytes.set(node.subarray(0, 5), 4);
    bytes.writeUIntBE(count, 9, 3);
    return base32(bytes);
  };
}

/** 96 bits are 19 digits and one bit: the last digit bears it first. */
function base32(bytes: Uint8Array): string {
  let bits = BigInt(`0x${Buffer.from(bytes).toString("hex")}`) << 4n;
  let text = "";
  for (let digit = 0; digit < 20; digit += 1) {
    text = alphabet[Number(bits & 31n)]! + text;
    bits >>= 5n;
  }
  return text;
}

export const isXid = (text: string): boolean => /^[0-9a-v]{20}$/.test(text);
