/** Every byte as two hexadecimal digits: cheaper than formatting it. */
export const hexByte: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

const digits = Int8Array.from({ length: 128 }, (_, code) => "0123456789abcdef".indexOf(lowerCase(code)));

/** The byte that two hexadecimal digits of `text` at `index` spell; negative when they do not. */
export function parseHexByte(text: string, index: number): number {
  const high = digits[text.charCodeAt(index)] ?? -1;
  const low = digits[text.charCodeAt(index + 1)] ?? -1;
  return high < 0 || low < 0 ? -1 : (high << 4) | low;
}

function lowerCase(code: number): string {
  return String.fromCharCode(code).toLowerCase();
}
