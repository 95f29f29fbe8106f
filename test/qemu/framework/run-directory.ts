import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Where one run of one test keeps everything it leaves: serial logs, disks, captures, screenshots. */
export interface RunDirectory {
  readonly path: string;
  /** A file or folder of this run. */
  file(name: string): string;
}

/** Made anew for each run under `out/qemu`, so that the newest run of each test stays to be read. */
export function openRunDirectory(project: string, testName: string): RunDirectory {
  const path = join(project, "out/qemu", testName.replaceAll(/[^\w-]+/g, "-").toLowerCase());
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return { path, file: (name) => join(path, name) };
}
