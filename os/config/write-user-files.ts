import { chmodSync, lstatSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import type { FileSettings } from "../../machine-config/settings/files.ts";

export interface UserFilesOptions {
  /** Where everything is: `/`, but in tests. */
  readonly root: string;
  /** Shows one file in the place of another, which cannot be written to. */
  readonly bind: (source: string, target: string) => void;
}

/** What belongs to the config's owner. Everything else is the image's: a file of it can be covered, none can be added. */
const writable = "/var/";
/** Where those files are that cover others. */
const covers = "/system/files";

/** Writes the files that a machine config names. Rejects with the first that cannot be. */
export function writeUserFiles(files: readonly FileSettings[], { root, bind }: UserFilesOptions): void {
  for (const file of files) {
    const path = normalize(file.path);
    try {
      if (!path.startsWith("/")) throw new Error("its path does not begin with /");
      if (path.startsWith(writable)) writeThere(join(root, path), file);
      else cover(path, file, { root, bind });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Cannot write the file ${file.path}: ${reason}`, { cause });
    }
  }
}

function writeThere(path: string, { content, mode, operation }: FileSettings): void {
  mkdirSync(dirname(path), { recursive: true });
  const before = textOf(path);
  // At each boot again: what this config wrote at the last one is no reason to refuse.
  if (operation === "create" && before !== undefined && before !== content)
    throw new Error("there is another file already");
  const isAppended = operation === "append" && before !== undefined;
  const behind = isAppended && !before.endsWith(content) ? before + content : before;
  writeFileSync(path, isAppended ? behind! : content);
  chmodSync(path, mode);
}

function cover(path: string, file: FileSettings, { root, bind }: UserFilesOptions): void {
  if (file.operation === "create") throw new Error("files can be created below /var only");
  const target = realpathSync(join(root, path));
  if (!lstatSync(target).isFile()) throw new Error("it is no file");
  const source = join(root, covers, path);
  const before = file.operation === "append" ? readFileSync(target, "utf8") : "";
  mkdirSync(dirname(source), { recursive: true, mode: 0o700 });
  writeFileSync(source, before + file.content);
  chmodSync(source, file.mode);
  bind(source, target);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
