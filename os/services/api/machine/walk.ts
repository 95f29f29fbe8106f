import type { Stats } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { basename, join, relative } from "node:path";

export interface Found {
  readonly path: string;
  /** Below the root of the walk. The root is `.` as a folder, and else its own name. */
  readonly relativePath: string;
  readonly depth: number;
  readonly stats: Stats | undefined;
  readonly link: string;
  /** Why nothing is known of it. */
  readonly error: string | undefined;
}

export interface WalkOptions {
  /** How many levels below the root; Infinity for all. */
  readonly maxDepth: number;
  readonly signal: AbortSignal;
}

/** A folder before what is in it, by name. Goes through no link but the root itself. */
export async function* walk(root: string, { maxDepth, signal }: WalkOptions): AsyncGenerator<Found> {
  yield* visit(root, 0);

  async function* visit(path: string, depth: number): AsyncGenerator<Found> {
    signal.throwIfAborted();
    const below = depth === 0 ? basename(path) : relative(root, path);
    const found = { path, relativePath: below, depth, stats: undefined, link: "", error: undefined };
    try {
      const stats = await lstat(path);
      const link = stats.isSymbolicLink() ? await readlink(path) : "";
      const relativePath = depth === 0 && stats.isDirectory() ? "." : below;
      yield { ...found, relativePath, stats, link };
      if (depth >= maxDepth || !(stats.isDirectory() || (depth === 0 && link !== ""))) return;
    } catch (error) {
      if (signal.aborted) throw error;
      return yield { ...found, error: String(error) };
    }
    const names = await namesIn(path, depth === 0);
    if (typeof names === "string") return yield { ...found, error: names };
    for (const name of names) yield* visit(join(path, name), depth + 1);
  }
}

/** A sentence when it cannot be told. */
async function namesIn(path: string, isRoot: boolean): Promise<string[] | string> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    // A link that was asked for may lead to a file.
    if (isRoot && (error as NodeJS.ErrnoException).code === "ENOTDIR") return [];
    return String(error);
  }
}
