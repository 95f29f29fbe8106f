import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { CommandFailed } from "./io.ts";

/** Writes what may hold keys: nobody else may read it, and what is there already stays, unless told. */
export async function writeNew(
  path: string,
  content: string | Uint8Array,
  { force = false }: { readonly force?: boolean | undefined },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, content, { mode: 0o600, flag: force ? "w" : "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new CommandFailed(`file "${path}" already exists, use --force to overwrite`, { cause });
  }
}
