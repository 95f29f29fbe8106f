// What is on a disk: in itself, and in each of its partitions, where filesystems usually are.
import { constants } from "node:fs";
import { open, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Disk } from "./disks.ts";
import { readsOf } from "./reads-of.ts";
import { findSignatures, type Signature } from "./signatures.ts";

interface Slice {
  readonly start: number;
  readonly sizeBytes: number;
}

/** What is on a device; nothing, on one that was never used. */
export async function signaturesOn(device: string, sizeBytes: number): Promise<readonly string[]> {
  await using handle = await open(device, constants.O_RDONLY);
  return (await findSignatures({ sizeBytes, read: readsOf(handle) })).map(({ name }) => name);
}

/** Without opening it for oneself: it may be in use. Rejects when the disk cannot be read. */
export async function diskSignatures(
  { devPath, sizeBytes }: Pick<Disk, "devPath" | "sizeBytes">,
  { sys, dev }: { readonly sys: string; readonly dev: string },
): Promise<readonly Signature[]> {
  await using handle = await open(join(dev, basename(devPath)), constants.O_RDONLY);
  const found = new Set<Signature>();
  for (const { start, sizeBytes: size } of [{ start: 0, sizeBytes }, ...(await partitions(sys, devPath))]) {
    const read = readsOf(handle, start);
    for (const signature of await findSignatures({ sizeBytes: size, read })) found.add(signature);
  }
  return [...found];
}

/** As the kernel read them. */
async function partitions(sys: string, devPath: string): Promise<readonly Slice[]> {
  const folder = join(sys, "block", basename(devPath));
  const names = (await readdir(folder)).filter((name) => name.startsWith(basename(devPath)));
  const number = async (name: string, attribute: string) =>
    Number(await readFile(join(folder, name, attribute), "utf8")) * 512;
  return Promise.all(
    names.map(async (name) => ({
      start: await number(name, "start"),
      sizeBytes: await number(name, "size"),
    })),
  );
}
