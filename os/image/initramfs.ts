import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cpio } from "./cpio.ts";
import { stage1 } from "./stage1.ts";

/** What stage 1 needs to see a squashfs; the root's own modules are inside it. */
const firstModules = ["drivers/block/loop.ko", "fs/squashfs/squashfs.ko"];

export interface InitramfsParts {
  /** The root as a folder, for the modules. */
  readonly root: string;
  readonly release: string;
  readonly rootImage: Uint8Array;
  readonly programImage: Uint8Array;
}

/** Uncompressed: everything in it that is large is a compressed image already. */
export async function initramfs({
  root,
  release,
  rootImage,
  programImage,
}: InitramfsParts): Promise<Uint8Array> {
  const modules = await Promise.all(
    firstModules.map(async (path) => ({
      path: path.split("/").at(-1)!,
      content: await readFile(join(root, "usr/lib/modules", release, "kernel", path)),
    })),
  );
  const init = stage1({
    modules: modules.map(({ path }) => `/${path}`),
    images: [
      { file: "/root.squashfs", mountAt: "" },
      { file: "/program.squashfs", mountAt: "/usr/lib/ingot" },
    ],
    // Memory before speed: PID 1 lives as long as the machine, and what it starts needs the rest.
    argv: [
      "/usr/bin/node",
      "--disable-sigusr1",
      "--max-semi-space-size=1",
      "--optimize-for-size",
      "/usr/lib/ingot/machined.mjs",
    ],
    // A disk that hangs holds one of Node's threads for as long as it does: there are more than disks.
    env: ["PATH=/usr/sbin:/usr/bin", "HOME=/", "TERM=linux", "UV_THREADPOOL_SIZE=32"],
  });
  return cpio([
    { path: "dev", type: "directory" },
    // The kernel opens it for its first process before anything is mounted.
    { path: "dev/console", type: "device", major: 5, minor: 1 },
    { path: "root", type: "directory" },
    { path: "init", type: "file", mode: 0o755, content: init },
    ...modules.map(({ path, content }) => ({ path, type: "file", mode: 0o644, content }) as const),
    { path: "root.squashfs", type: "file", mode: 0o644, content: rootImage },
    { path: "program.squashfs", type: "file", mode: 0o644, content: programImage },
  ]);
}
