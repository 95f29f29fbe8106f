// How a session begins: Open Session and RAKP messages 1 to 4, and the keys that come out. IPMI 2.0 §13.17 to §13.24,
// §13.31 and §13.32. Both sides: the client and the simulator compute the same things from the same records.
import { bits } from "../../wire/bits.ts";
import { bytes, padding, rest } from "../../wire/bytes.ts";
import { type Codec, encode } from "../../wire/codec.ts";
import { literal } from "../../wire/constants.ts";
import { u8, u32le } from "../../wire/integers.ts";
import { optional } from "../../wire/optional.ts";
import { prefixed } from "../../wire/prefixed.ts";
import { struct } from "../../wire/struct.ts";
import { restText } from "../../wire/text.ts";
import { type CipherSuite, hmac } from "./cipher-suites.ts";
import type { SessionKeys } from "./packet.ts";

const algorithm = (kind: number) =>
  struct({ kind: literal(u8, kind), gap: padding(2), size: literal(u8, 8), algorithm: u8, gap2: padding(3) });

const algorithms = struct({
  authentication: algorithm(0),
  integrity: algorithm(1),
  confidentiality: algorithm(2),
});

/** §13.17. */
export const openSessionRequest = struct({
  tag: u8,
  privilege: u8,
  gap: padding(2),
  consoleSession: u32le,
  algorithms,
});

/** A refusal may end after the session id. */
const accepted = struct({ bmcSession: u32le, algorithms });

/** §13.18. */
export const openSessionResponse = struct({
  tag: u8,
  status: u8,
  privilege: u8,
  gap: padding(1),
  consoleSession: u32le,
  accepted: optional(accepted),
});

/** The privilege asked for; `nameOnly`: look the user up by name, not by name and privilege. */
const role = bits({ reserved: 3, nameOnly: 1, privilege: 4 });

/** §13.20. */
export const rakp1 = struct({
  tag: u8,
  gap: padding(3),
  bmcSession: u32le,
  consoleRandom: bytes(16),
  role,
  gap2: padding(2),
  user: prefixed(u8, restText),
});

/** §13.21. */
export const rakp2 = struct({
  tag: u8,
  status: u8,
  gap: padding(2),
  consoleSession: u32le,
  proof: optional(struct({ bmcRandom: bytes(16), guid: bytes(16), code: rest })),
});

/** §13.22. */
export const rakp3 = struct({ tag: u8, status: u8, gap: padding(2), bmcSession: u32le, code: rest });

/** §13.23. */
export const rakp4 = struct({ tag: u8, status: u8, gap: padding(2), consoleSession: u32le, code: rest });

/** §13.24, table 13-15. */
export const rakpStatus = {
  ok: 0x00,
  noResources: 0x01,
  unknownSession: 0x02,
  unknownRole: 0x09,
  roleDenied: 0x0a,
  noResourcesForRole: 0x0b,
  unknownUser: 0x0d,
  wrongCheck: 0x0f,
  noSuiteMatch: 0x11,
} as const;

/** What both sides know after message 2. */
export interface Handshake {
  readonly suite: CipherSuite;
  readonly consoleSession: number;
  readonly bmcSession: number;
  readonly consoleRandom: Uint8Array;
  readonly bmcRandom: Uint8Array;
  readonly guid: Uint8Array;
  readonly role: { readonly reserved: number; readonly nameOnly: number; readonly privilege: number };
  readonly user: string;
}

const claim = struct({ role, user: prefixed(u8, restText) });
const number = (value: number) => encode(u32le, value);
const claimOf = ({ role, user }: Handshake) =>
  encode(claim as Codec<Pick<Handshake, "role" | "user">>, { role, user });

/** Passwords are keys of 20 bytes, padded with zeros (§22.30; HMAC pads the same way to its block). */
export const passwordKey = (password: string): Buffer => Buffer.from(password, "utf8");

/** §13.31: what message 2 proves. */
export const bmcProof = (h: Handshake, key: Uint8Array): Buffer =>
  hmac(
    h.suite,
    key,
    number(h.consoleSession),
    number(h.bmcSession),
    h.consoleRandom,
    h.bmcRandom,
    h.guid,
    claimOf(h),
  );

/** §13.31: what message 3 proves. */
export const consoleProof = (h: Handshake, key: Uint8Array): Buffer =>
  hmac(h.suite, key, h.bmcRandom, number(h.consoleSession), claimOf(h));

const constant = (byte: number) => new Uint8Array(20).fill(byte);

/** §13.31 and §13.32. `bmcKey` is the K_G of a BMC that was given one; else the password serves for both. */
export function deriveKeys(
  h: Handshake,
  key: Uint8Array,
  bmcKey: Uint8Array = key,
): SessionKeys & { check: Buffer } {
  const session = hmac(h.suite, bmcKey, h.consoleRandom, h.bmcRandom, claimOf(h));
  return {
    suite: h.suite,
    integrity: hmac(h.suite, session, constant(1)),
    confidentiality: hmac(h.suite, session, constant(2)).subarray(0, 16),
    check: hmac(h.suite, session, h.consoleRandom, number(h.bmcSession), h.guid).subarray(
      0,
      h.suite.checkBytes,
    ),
  };
}
