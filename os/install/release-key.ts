import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

/** Beside the program, where the image builder puts it. */
export const releaseKeyName = "release-key.pem";

/** Whose images this image trusts; undefined in one that a developer made without a key. */
export function releaseKey(file = `/usr/lib/ingot/${releaseKeyName}`): KeyObject | undefined {
  return existsSync(file) ? createPublicKey(readFileSync(file)) : undefined;
}
