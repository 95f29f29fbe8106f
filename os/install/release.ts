// What an image is, as its maker signed it.
import { type KeyObject, verify } from "node:crypto";
import * as z from "zod";

const file = z.object({
  sizeBytes: z.int().min(1).max(1e9),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** The part of an image's manifest that a machine acts on. */
export const release = z.object({
  version: z.literal(1),
  profile: z.string(),
  /** Those that the image wants to be booted with. */
  kernelArguments: z.array(z.string()).default([]),
  kernel: file.extend({ release: z.string() }),
  initramfs: file,
});

export type Release = z.output<typeof release>;

export interface SignedManifest {
  readonly text: Uint8Array;
  /** Ed25519 over the text; undefined when nobody signed it. */
  readonly signature: Uint8Array | undefined;
}

/** The machine's own image says whose signature it trusts. Without a key (an image of a developer's) none is asked for. */
export function readRelease({ text, signature }: SignedManifest, key: KeyObject | undefined): Release {
  if (key && !signature) throw new Error("Cannot trust the image: its manifest is not signed");
  if (key && signature && !verify(null, text, key, signature))
    throw new Error("Cannot trust the image: its manifest is not signed by our release key");
  try {
    return release.parse(JSON.parse(Buffer.from(text).toString("utf8")));
  } catch (cause) {
    throw new Error("Cannot read the image's manifest: it is no manifest of ours", { cause });
  }
}
