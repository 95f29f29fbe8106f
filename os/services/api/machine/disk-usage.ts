import type { MachineHandlers } from "./handler.ts";
import { cleanPath } from "./list.ts";
import { type Found, walk } from "./walk.ts";

interface Folder {
  readonly found: Found;
  size: number;
}

/** What of a tree is told. */
interface Wanted {
  /** 0: any. */
  readonly recursionDepth: number;
  readonly all: boolean;
  /** Not below this; negative: not above its absolute value. */
  readonly threshold: bigint;
}

export const diskUsage: MachineHandlers<"diskUsage"> = {
  async *diskUsage({ paths, ...wanted }, { signal }) {
    for (const path of paths) yield* usageOf(cleanPath(path), wanted, signal);
  },
};

/** A folder comes after what is in it, for only then its size is known. */
async function* usageOf(root: string, { recursionDepth, all, threshold }: Wanted, signal: AbortSignal) {
  const open: Folder[] = [];
  const isWanted = (depth: number, size: number) =>
    !(recursionDepth > 0 && depth >= recursionDepth) &&
    !(threshold > 0n && BigInt(size) < threshold) &&
    !(threshold < 0n && BigInt(size) > -threshold);

  function* closeTo(depth: number) {
    for (let last = open.at(-1); last && last.found.depth >= depth; last = open.at(-1)) {
      open.pop();
      const parent = open.at(-1);
      if (parent) parent.size += last.size;
      if (isWanted(last.found.depth, last.size)) yield usage(last.found, last.size);
    }
  }

  for await (const found of walk(root, { maxDepth: Infinity, signal })) {
    const { path, relativePath, depth, stats } = found;
    yield* closeTo(depth + (stats ? 0 : 1));
    if (!stats) {
      yield { name: path, relativeName: relativePath, error: found.error ?? "nothing is known of it" };
    } else if (stats.isDirectory()) {
      open.push({ found, size: stats.size });
    } else {
      // The kernel's image of its own memory is as large as its address space.
      const size = path === "/proc/kcore" ? 0 : stats.size;
      const folder = open.at(-1);
      if (folder) folder.size += size;
      if ((all || !folder) && isWanted(depth, size)) yield usage(found, size);
    }
  }
  yield* closeTo(0);
}

const usage = ({ path, relativePath }: Found, size: number) => ({
  name: path,
  relativeName: relativePath,
  size: BigInt(size),
});
