// RFC 7468, strict: whole lines, no headers, canonical base64.

export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** Room for a bundle of many authorities; more is a mistake or an attack. */
const maxCharacters = 1024 * 1024;

const block = /^-----BEGIN ([A-Z0-9 ]{1,64})-----$([^-]*)^-----END ([A-Z0-9 ]{1,64})-----$/gm;

/** Every block of the text; text between blocks is left alone, as certificate bundles carry comments there. */
export function decodePem(text: string): readonly PemBlock[] {
  if (text.length > maxCharacters)
    throw new Error(`Cannot read PEM: longer than ${maxCharacters} characters`);
  const normal = text.replaceAll("\r\n", "\n").replace(/[ \t]+$/gm, "");
  const blocks = [...normal.matchAll(block)].map(([, label = "", body = "", endLabel]) => {
    if (label !== endLabel) throw new Error(`Cannot read PEM: ${label} ends as ${endLabel}`);
    return { label, bytes: decodeBase64(body.replaceAll("\n", ""), label) };
  });
  const begins = normal.match(/^-----BEGIN /gm)?.length ?? 0;
  if (blocks.length < begins) throw new Error("Cannot read PEM: a block that is not whole");
  return blocks;
}

function decodeBase64(text: string, label: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (text === "" || bytes.toString("base64") !== text) {
    throw new Error(`Cannot read PEM: the ${label} is not base64`);
  }
  return bytes;
}

/** The one block of the text. */
export function decodeOnePem(text: string): PemBlock {
  const [first, ...others] = decodePem(text);
  if (!first) throw new Error("Cannot read PEM: there is no -----BEGIN line");
  if (others.length > 0)
    throw new Error(`Cannot read PEM: ${others.length + 1} blocks where one is expected`);
  return first;
}

export function encodePem({ label, bytes }: PemBlock): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
