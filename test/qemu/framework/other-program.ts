import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { bundlePid1 } from "../../../os/image/bundle.ts";
import { cpio } from "../../../os/image/cpio.ts";
import { squash } from "../../../os/image/squash.ts";
import { project } from "./image.ts";
import type { RunDirectory } from "./run-directory.ts";

/**
 * The operating system's initramfs with another program for PID 1: the kernel unpacks archives one after another, and
 * what comes last stays. Resolves to the file to boot.
 */
export async function withOtherProgram(
  initramfs: string,
  entry: string,
  directory: RunDirectory,
): Promise<string> {
  const folder = directory.file("program");
  const image = directory.file("program.squashfs");
  await mkdir(folder);
  const { signal } = new AbortController();
  await bundlePid1({ project, folder, node: process.execPath, signal, entry });
  await squash(folder, image, signal);
  const extra = cpio([
    { path: "program.squashfs", type: "file", mode: 0o644, content: await readFile(image) },
  ]);
  const file = directory.file("initramfs");
  await writeFile(file, Buffer.concat([await readFile(initramfs), extra]));
  for (const left of [folder, image]) await rm(left, { recursive: true });
  return file;
}
