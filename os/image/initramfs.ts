import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cpio, type Entry } from "./cpio.ts";
import { nodeFlags } from "./node-flags.ts";
import { layerFolder, stage1 } from "./stage1.ts";

/** What stage 1 needs to see a squashfs, and several as one; all other modules are inside. */
const firstModules = ["drivers/block/loop.ko", "fs/squashfs/squashfs.ko"];
const overlayModule = "fs/overlayfs/overlay.ko";

export interface InitramfsParts {
  /** The lowest layer as a folder, for the modules. */
  readonly root: string;
  readonly release: string;
  /** Of the root, then of what lies above it. */
  readonly layerImages: readonly Uint8Array[];
  readonly programImage: Uint8Array;
}

/** Uncompressed: everything in it that is large is a compressed image already. */
export async function initramfs({
  root,
  release,
  layerImages,
  programImage,
}: InitramfsParts): Promise<Uint8Array> {
  const isLayered = layerImages.length > 1;
  const modules = await Promise.all(
    [...firstModules, ...(isLayered ? [overlayModule] : [])].map(async (path) => ({
      path: path.split("/").at(-1)!,
      content: await readFile(join(root, "usr/lib/modules", release, "kernel", path)),
    })),
  );
  const init = stage1({
    modules: modules.map(({ path }) => `/${path}`),
    layers: layerImages.map((_, nth) => `/${layerFile(nth)}`),
    program: { file: "/program.squashfs", mountAt: "/usr/lib/ingot" },
    argv: ["/usr/bin/node", ...nodeFlags, "/usr/lib/ingot/machined.cjs"],
    env: [
      ...["PATH=/usr/sbin:/usr/bin", "HOME=/", "TERM=linux"],
      // A disk that hangs holds one of Node's threads for as long as it does: there are more than disks.
      "UV_THREADPOOL_SIZE=32",
      // Threads that wait for disks need no memory of their own.
      "MALLOC_ARENA_MAX=2",
    ],
  });
  return cpio([
    { path: "dev", type: "directory" },
    // The kernel opens it for its first process before anything is mounted.
    { path: "dev/console", type: "device", major: 5, minor: 1 },
    { path: "root", type: "directory" },
    ...(isLayered ? layerFolders(layerImages.length) : []),
    { path: "init", type: "file", mode: 0o755, content: init },
    ...modules.map(({ path, content }) => ({ path, type: "file", mode: 0o644, content }) as const),
    ...layerImages.map(
      (content, nth) => ({ path: layerFile(nth), type: "file", mode: 0o644, content }) as const,
    ),
    { path: "program.squashfs", type: "file", mode: 0o644, content: programImage },
  ]);
}

const layerFile = (nth: number) => (nth === 0 ? "root.squashfs" : `layer${nth}.squashfs`);

const layerFolders = (count: number): Entry[] => [
  { path: "layers", type: "directory" },
  ...Array.from(
    { length: count },
    (_, nth) => ({ path: layerFolder(nth).slice(1), type: "directory" }) as const,
  ),
];
