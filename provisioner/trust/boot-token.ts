// What a machine shows at its first call, out of its kernel arguments: "I am the boot that you planned". It is signed
// and not stored, so that a plan that is asked for ten times leaves nothing behind; being spent is what is stored.
import { createHmac, timingSafeEqual } from "node:crypto";

export interface BootToken {
  readonly id: string;
  readonly machine: string;
  readonly expiresAt: Date;
}

export type TokenVerdict =
  | { readonly is: "good"; readonly token: BootToken }
  | { readonly is: "expired" | "foreign" | "malformed" };

/** Of letters, digits, `-`, `_` and `.` alone: it has to pass through a boot script. */
export function signBootToken({ id, machine, expiresAt }: BootToken, key: Uint8Array): string {
  const content = Buffer.from(JSON.stringify([id, machine, expiresAt.getTime()])).toString("base64url");
  return `${content}.${signature(content, key).toString("base64url")}`;
}

export function readBootToken(text: string, key: Uint8Array, now: Date): TokenVerdict {
  const [content, proof, ...more] = text.split(".");
  if (!content || !proof || more.length > 0) return { is: "malformed" };
  const [ours, theirs] = [signature(content, key), Buffer.from(proof, "base64url")];
  if (ours.length !== theirs.length || !timingSafeEqual(ours, theirs)) return { is: "foreign" };
  // Signed by us: it is what signBootToken made.
  const [id, machine, expires] = JSON.parse(Buffer.from(content, "base64url").toString()) as [
    string,
    string,
    number,
  ];
  const expiresAt = new Date(expires);
  return now < expiresAt ? { is: "good", token: { id, machine, expiresAt } } : { is: "expired" };
}

const signature = (content: string, key: Uint8Array) => createHmac("sha256", key).update(content).digest();
