// TFTP's packets (RFC 1350 §5, options after RFC 2347). Hand-framed: DATA is the hot path, and a request is a list of
// C strings whose number nobody announces.

const opcodes = { read: 1, write: 2, data: 3, ack: 4, error: 5, oack: 6 } as const;

/** RFC 1350 §5 and RFC 2347. */
export const errorCodes = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransfer: 5,
  optionsRefused: 8,
} as const;
export type ErrorName = keyof typeof errorCodes;

export interface Request {
  readonly type: "read" | "write";
  readonly file: string;
  /** Lower case: `octet`, `netascii`, `mail`, or whatever was sent. */
  readonly mode: string;
  /** Names in lower case, in the order they came; of a name sent twice the first counts. */
  readonly options: ReadonlyMap<string, string>;
}

export type FromClient =
  | { readonly type: "ack"; readonly block: number }
  | { readonly type: "error"; readonly code: number; readonly message: string };

/** Requests longer than this are nobody's: RFC 2347 §2 limits them to 512 octets. */
const maxRequestBytes = 512;
const maxMessageChars = 200;

/** A first packet, to the listening port. Undefined: not a request, and not worth an answer. */
export function decodeRequest(packet: Uint8Array): Request | undefined {
  if (packet.length > maxRequestBytes) return undefined;
  const opcode = u16At(packet, 0);
  if (opcode !== opcodes.read && opcode !== opcodes.write) return undefined;
  const strings = cStrings(packet.subarray(2));
  const [file, mode, ...rest] = strings ?? [];
  // A name without its value is malformed (RFC 2347 §2); zero padding after the mode is not.
  if (file === undefined || mode === undefined || file === "") return undefined;

  const options = new Map<string, string>();
  for (let at = 0; at + 1 < rest.length; at += 2) {
    const name = rest[at]!.toLowerCase();
    if (name !== "" && !options.has(name)) options.set(name, rest[at + 1]!);
  }
  return { type: opcode === opcodes.read ? "read" : "write", file, mode: mode.toLowerCase(), options };
}

/** A packet of a running transfer. Undefined: not one that a reading client sends. */
export function decodeFromClient(packet: Uint8Array): FromClient | undefined {
  const opcode = u16At(packet, 0);
  const word = u16At(packet, 2);
  if (word === undefined) return undefined;
  if (opcode === opcodes.ack) return { type: "ack", block: word };
  if (opcode !== opcodes.error) return undefined;
  const end = packet.indexOf(0, 4);
  const text = packet.subarray(4, end < 0 ? packet.length : end);
  return { type: "error", code: word, message: text7(text).slice(0, maxMessageChars) };
}

export function encodeError(name: ErrorName, message: string): Buffer {
  const packet = Buffer.alloc(5 + message.length);
  packet.writeUInt16BE(opcodes.error, 0);
  packet.writeUInt16BE(errorCodes[name], 2);
  packet.write(message, 4, "latin1");
  return packet;
}

/** RFC 2347 §3: names and values of the options that were accepted. */
export function encodeOack(options: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = options.map(([name, value]) => `${name}\0${value}\0`).join("");
  const packet = Buffer.alloc(2 + text.length);
  packet.writeUInt16BE(opcodes.oack, 0);
  packet.write(text, 2, "latin1");
  return packet;
}

/** DATA packets `from`…`to` (counted from 1, not wrapped) one behind another, each `blockSize + 4` long but the last. */
export function encodeBlocks(content: Uint8Array, blockSize: number, from: number, to: number): Buffer {
  const start = (from - 1) * blockSize;
  const end = Math.min(to * blockSize, content.length);
  const packets = Buffer.allocUnsafe(end - start + 4 * (to - from + 1));
  let at = 0;
  for (let block = from; block <= to; block++) {
    packets[at] = 0;
    packets[at + 1] = opcodes.data;
    packets[at + 2] = (block >> 8) & 0xff;
    packets[at + 3] = block & 0xff;
    const first = (block - 1) * blockSize;
    const piece = content.subarray(first, Math.min(first + blockSize, content.length));
    packets.set(piece, at + 4);
    at += 4 + piece.length;
  }
  return packets;
}

function u16At(bytes: Uint8Array, at: number): number | undefined {
  const high = bytes[at];
  const low = bytes[at + 1];
  return high === undefined || low === undefined ? undefined : (high << 8) | low;
}

/** Undefined when the last string has no end. */
function cStrings(bytes: Uint8Array): string[] | undefined {
  const strings: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    if (end < 0) return undefined;
    strings.push(text7(bytes.subarray(at, end)));
    at = end + 1;
  }
  return strings;
}

const text7 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
