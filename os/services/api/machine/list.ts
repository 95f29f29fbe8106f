import { ListRequest_Type as Type } from "../../../../api/gen/machine/files_pb.js";
import { goFileMode } from "./file-mode.ts";
import type { MachineHandlers } from "./handler.ts";
import { type Found, walk } from "./walk.ts";

/** Absolute, and without a slash at its end. */
export const cleanPath = (path: string): string =>
  `/${path
    .split("/")
    .filter((part) => part !== "")
    .join("/")}`;

export const list: MachineHandlers<"list"> = {
  async *list({ root, recurse, recursionDepth, types }, { signal }) {
    const deepest = recursionDepth > 0 ? recursionDepth : Infinity;
    for await (const found of walk(cleanPath(root), { maxDepth: recurse ? deepest : 1, signal })) {
      if (found.stats && types.length > 0 && !types.some((type) => isOf(type, found))) continue;
      yield fileInfo(found);
    }
  },
};

function isOf(type: Type, { stats }: Found): boolean {
  switch (type) {
    case Type.REGULAR:
      return stats?.isFile() ?? false;
    case Type.DIRECTORY:
      return stats?.isDirectory() ?? false;
    case Type.SYMLINK:
      return stats?.isSymbolicLink() ?? false;
  }
}

function fileInfo({ path: name, relativePath: relativeName, stats, link, error }: Found) {
  if (!stats) return { name, relativeName, error: error ?? "nothing is known of it" };
  return {
    name,
    relativeName,
    size: BigInt(stats.size),
    mode: goFileMode(stats.mode),
    modified: BigInt(Math.floor(stats.mtimeMs / 1000)),
    isDir: stats.isDirectory(),
    link,
    uid: stats.uid,
    gid: stats.gid,
  };
}
