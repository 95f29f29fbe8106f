// The packets inside RMCP: the session header of IPMI 1.5 (for what is asked before a session), that of RMCP+, and
// the protection of an RMCP+ payload. IPMI 2.0 §13.6.
import { createCipheriv, createDecipheriv, randomFillSync, timingSafeEqual } from "node:crypto";
import { bits } from "../../wire/bits.ts";
import { rest } from "../../wire/bytes.ts";
import { type Codec, decode, encode } from "../../wire/codec.ts";
import { WireError } from "../../wire/error.ts";
import { u8, u16le, u32le } from "../../wire/integers.ts";
import { prefixed } from "../../wire/prefixed.ts";
import { struct } from "../../wire/struct.ts";
import { type CipherSuite, hmac } from "./cipher-suites.ts";
import { rmcp } from "./rmcp.ts";

/** IPMI 2.0 §13.27.3, table 13-16. */
export const payloadTypes = {
  ipmi: 0x00,
  sol: 0x01,
  openSessionRequest: 0x10,
  openSessionResponse: 0x11,
  rakp1: 0x12,
  rakp2: 0x13,
  rakp3: 0x14,
  rakp4: 0x15,
} as const;

const rmcpPlus = 6;
const noAuthentication = 0;

const legacyHeader = struct({ sequence: u32le, session: u32le, payload: prefixed(u8, rest), pad: rest });

const plusHeader = struct({
  payloadType: bits({ encrypted: 1, authenticated: 1, type: 6 }),
  session: u32le,
  sequence: u32le,
  payload: prefixed(u16le, rest),
  trailer: rest,
});

export interface Packet {
  /** `legacy`: the IPMI 1.5 wrapper without authentication, which only unprotected commands use. */
  readonly format: "legacy" | "plus";
  readonly type: number;
  readonly session: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** The keys of one session. §13.32: K1 protects against change, the first 16 bytes of K2 against reading. */
export interface SessionKeys {
  readonly suite: CipherSuite;
  readonly integrity: Uint8Array;
  readonly confidentiality: Uint8Array;
}

/** What arrived, still sealed. `protection` is present when the packet claims any. */
export interface Envelope extends Packet {
  readonly encrypted: boolean;
  readonly authenticated: boolean;
  /** From the authentication type to the next header field: what the check covers, then the check. */
  readonly sealed: Uint8Array;
}

/** Everything up to the protection of one packet. Throws WireError. */
export function readEnvelope(content: Uint8Array): Envelope {
  const authentication = decode(firstByte, content).first;
  const body = content.subarray(1);
  if (authentication !== rmcpPlus) {
    // Other authentication types are those of IPMI 1.5 sessions, of which this room has none.
    if (authentication !== noAuthentication)
      throw new WireError("decode", 0, `authentication type ${authentication} is neither none nor RMCP+`);
    const { payload, session, sequence } = decode(legacyHeader, body);
    return {
      format: "legacy",
      type: payloadTypes.ipmi,
      session,
      sequence,
      payload,
      encrypted: false,
      authenticated: false,
      sealed: content,
    };
  }
  const { payloadType, session, sequence, payload } = decode(plusHeader, body);
  return {
    format: "plus",
    type: payloadType.type,
    session,
    sequence,
    payload,
    encrypted: payloadType.encrypted === 1,
    authenticated: payloadType.authenticated === 1,
    sealed: content,
  };
}

const firstByte = struct({ first: u8, rest });

/** What a packet of an open session says, or undefined when it was not made with these keys. */
export function open(
  envelope: Envelope,
  { suite, integrity, confidentiality }: SessionKeys,
): Uint8Array | undefined {
  if (!envelope.authenticated || !envelope.encrypted) return undefined;
  const { sealed, payload } = envelope;
  const covered = sealed.length - suite.checkBytes;
  if (covered < 14 + payload.length) return undefined;
  const check = hmac(suite, integrity, sealed.subarray(0, covered)).subarray(0, suite.checkBytes);
  if (!timingSafeEqual(check, sealed.subarray(covered))) return undefined;
  return decrypt(payload, confidentiality);
}

const block = 16;

/** §13.29: initialisation vector, then ciphertext; inside, padding 1, 2, 3, … and its length. */
function decrypt(payload: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  if (payload.length < 2 * block || payload.length % block !== 0) return undefined;
  const decipher = createDecipheriv("aes-128-cbc", key, payload.subarray(0, block)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(payload.subarray(block)), decipher.final()]);
  const pad = plain.at(-1)!;
  return pad < block ? plain.subarray(0, plain.length - 1 - pad) : undefined;
}

function encrypt(plain: Uint8Array, key: Uint8Array): Uint8Array {
  const vector = randomFillSync(new Uint8Array(block));
  const pad = (block - ((plain.length + 1) % block)) % block;
  const padded = new Uint8Array(plain.length + pad + 1);
  padded.set(plain);
  for (let n = 1; n <= pad; n++) padded[plain.length + n - 1] = n;
  padded[padded.length - 1] = pad;
  const cipher = createCipheriv("aes-128-cbc", key, vector).setAutoPadding(false);
  return Buffer.concat([vector, cipher.update(padded), cipher.final()]);
}

/** A packet for the network; sealed when `keys` are given. */
export function writePacket(
  { format, type, session, sequence, payload }: Packet,
  keys?: SessionKeys,
): Uint8Array {
  const content =
    format === "legacy"
      ? withFirst(noAuthentication, legacyHeader, { sequence, session, payload, pad: nothing })
      : writePlus({ type, session, sequence, payload }, keys);
  return encode(rmcp, { sequence: 0xff, class: "ipmi", payload: content });
}

const nothing = new Uint8Array();

const withFirst = <T>(first: number, codec: Codec<T>, value: T) => {
  const body = encode(codec, value);
  const whole = new Uint8Array(1 + body.length);
  whole[0] = first;
  whole.set(body, 1);
  return whole;
};

function writePlus(
  { type, session, sequence, payload }: Omit<Packet, "format">,
  keys?: SessionKeys,
): Uint8Array {
  const flag = keys ? 1 : 0;
  const header = {
    payloadType: { encrypted: flag, authenticated: flag, type },
    session,
    sequence,
    payload: keys ? encrypt(payload, keys.confidentiality) : payload,
    trailer: nothing,
  };
  const unsealed = withFirst(rmcpPlus, plusHeader, header);
  if (!keys) return unsealed;

  // §13.28.4: 0xff until everything up to the next header field is a multiple of four, the count, next header 7.
  const pad = (4 - ((unsealed.length + 2) % 4)) % 4;
  const covered = Buffer.concat([unsealed, new Uint8Array(pad).fill(0xff), Uint8Array.of(pad, 7)]);
  const check = hmac(keys.suite, keys.integrity, covered).subarray(0, keys.suite.checkBytes);
  return Buffer.concat([covered, check]);
}
