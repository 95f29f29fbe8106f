import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundlePid1 } from "../../../os/image/bundle.ts";
import { cpio, type Entry } from "../../../os/image/cpio.ts";
import { squash } from "../../../os/image/squash.ts";
import { project } from "./image.ts";
import type { RunDirectory } from "./run-directory.ts";

/** Another program for PID 1, made of a file of the project's, as it lies in an initramfs. */
export async function otherProgram(entry: string): Promise<Entry> {
  const work = await mkdtemp(join(tmpdir(), "ingot-program-"));
  try {
    const { signal } = new AbortController();
    const image = `${work}.squashfs`;
    await bundlePid1({ project, folder: work, node: process.execPath, signal, entry });
    await squash(work, image, signal);
    const content = await readFile(image);
    await rm(image);
    return { path: "program.squashfs", type: "file", mode: 0o644, content };
  } finally {
    await rm(work, { recursive: true });
  }
}

/**
 * The operating system's initramfs with another program for PID 1: the kernel unpacks archives one after another, and
 * what comes last stays. Resolves to the file to boot.
 */
export async function withOtherProgram(
  initramfs: string,
  entry: string,
  directory: RunDirectory,
): Promise<string> {
  const extra = cpio([await otherProgram(entry)]);
  const file = directory.file("initramfs");
  await writeFile(file, Buffer.concat([await readFile(initramfs), extra]));
  return file;
}
