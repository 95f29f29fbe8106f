// The master keys: the newest seals, all of them open. A file of lines, each a key in base64; the last is the newest.
import { createHash, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

export interface KeyRing {
  /** The id of the key that seals. */
  readonly newest: string;
  /** By id: a fingerprint of the key, so that two keys never pass for one another. */
  readonly keys: ReadonlyMap<string, KeyObject>;
}

const keyBytes = 32;

/** A new master key, as a line of a key file. */
export const makeKey = (): string => randomBytes(keyBytes).toString("base64");

/** Reads keys from the text of a key file, or from a value given in its place. */
export function parseKeyRing(text: string): KeyRing {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const keys = lines.map((line, index): [string, KeyObject] => {
    const bytes = Buffer.from(line, "base64");
    if (bytes.length !== keyBytes || bytes.toString("base64") !== line) {
      // The line itself must not be told: it may be a key with a slip.
      throw new Error(`Cannot read master key ${index + 1}: it is not ${keyBytes} bytes in base64`);
    }
    const id = createHash("sha256").update("ingot master key").update(bytes).digest("hex").slice(0, 12);
    return [id, createSecretKey(bytes)];
  });
  const newest = keys.at(-1);
  if (newest === undefined) throw new Error("Cannot read master keys: there are none");
  return { newest: newest[0], keys: new Map(keys) };
}

/** Reads a key file; refuses one that others can read. */
export async function readKeyFile(path: string): Promise<KeyRing> {
  try {
    const { mode } = await stat(path);
    if (mode & 0o077) {
      throw new Error(`others may read it (mode ${(mode & 0o777).toString(8)}): chmod 600 ${path}`);
    }
    return parseKeyRing(await readFile(path, "utf8"));
  } catch (cause) {
    throw new Error(
      `Cannot use key file ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** Adds a new key to a key file, which from then on seals; makes the file if there is none. */
export async function addKey(path: string): Promise<KeyRing> {
  const before = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "# Master keys: the last one seals, all of them open.\n";
    throw new Error(`Cannot use key file ${path}: ${error.message}`, { cause: error });
  });
  const after = `${before.endsWith("\n") ? before : `${before}\n`}${makeKey()}\n`;
  const ring = parseKeyRing(after);
  // Beside it, flushed, and moved over it: a crash leaves one or the other, never half a key.
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  const file = await open(beside, "wx", 0o600);
  try {
    await file.writeFile(after);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  // What the new key seals must not outlive the file's entry in its folder.
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return ring;
}
