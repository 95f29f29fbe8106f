// What a machine shows out of its kernel arguments or its config: "I am the boot that you planned". It is signed and not
// stored, so that a plan that is asked for ten times leaves nothing behind; being spent is what is stored.
import { createHmac, timingSafeEqual } from "node:crypto";

/** What a token is good for, and nothing else: its certificate, its config, or to tell that it is installed. */
export type TokenUse = "enrol" | "config" | "installed";

export interface BootToken {
  /** The same for all tokens of one plan. */
  readonly id: string;
  readonly machine: string;
  readonly use: TokenUse;
  /** The machine's wipe that the plan was made on: what is installed on top of it ends with the next one. */
  readonly wipeId: number;
  readonly expiresAt: Date;
}

export type TokenVerdict =
  | { readonly is: "good"; readonly token: BootToken }
  | { readonly is: "expired" | "foreign" | "malformed" };

interface Reading {
  readonly key: Uint8Array;
  readonly now: Date;
  readonly use: TokenUse;
}

/** Of letters, digits, `-`, `_` and `.` alone: it has to pass through a boot script. */
export function signBootToken({ id, machine, use, wipeId, expiresAt }: BootToken, key: Uint8Array): string {
  const content = Buffer.from(JSON.stringify([id, machine, use, wipeId, expiresAt.getTime()])).toString(
    "base64url",
  );
  return `${content}.${signature(content, key).toString("base64url")}`;
}

export function readBootToken(text: string, { key, now, use }: Reading): TokenVerdict {
  const [content, proof, ...more] = text.split(".");
  if (!content || !proof || more.length > 0) return { is: "malformed" };
  const [ours, theirs] = [signature(content, key), Buffer.from(proof, "base64url")];
  if (ours.length !== theirs.length || !timingSafeEqual(ours, theirs)) return { is: "foreign" };
  // Signed by us: it is what signBootToken made.
  const [id, machine, itsUse, wipeId, expires] = JSON.parse(Buffer.from(content, "base64url").toString()) as [
    string,
    string,
    TokenUse,
    number,
    number,
  ];
  if (itsUse !== use) return { is: "foreign" };
  const expiresAt = new Date(expires);
  return now < expiresAt ? { is: "good", token: { id, machine, use, wipeId, expiresAt } } : { is: "expired" };
}

const signature = (content: string, key: Uint8Array) => createHmac("sha256", key).update(content).digest();
