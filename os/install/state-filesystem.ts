import { chmod, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunTool } from "../kernel/run-tool.ts";

/** STATE's filesystem: mkfs.xfs makes none of 100 MB. */
export const stateFilesystem = "ext4";

export interface StateFilesystem extends AsyncDisposable {
  readonly sizeBytes: number;
  read(): AsyncIterable<Uint8Array>;
}

/**
 * A filesystem with these files in it, made in a file of mostly holes below `scratch`: nothing has to be mounted, and
 * the disk needs no partitions yet.
 */
export async function stateFilesystemWith(
  files: Readonly<Record<string, Uint8Array>>,
  { sizeBytes, scratch, run }: { sizeBytes: number; scratch: string; run: RunTool },
): Promise<StateFilesystem> {
  const folder = await mkdtemp(join(scratch, "state-"));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    const contents = await mkdtemp(join(folder, "contents-"));
    await chmod(contents, 0o700);
    for (const [name, bytes] of Object.entries(files))
      await writeFile(join(contents, name), bytes, { mode: 0o600 });
    const image = join(folder, "image");
    const blocks = String(Math.floor(sizeBytes / 4096));
    await run("mke2fs", [
      ...["-q", "-F", "-t", stateFilesystem, "-L", "STATE", "-b", "4096", "-m", "0"],
      ...["-E", "root_owner=0:0", "-d", contents, image, blocks],
    ]);
    return {
      sizeBytes,
      async *read() {
        await using handle = await open(image);
        yield* handle.createReadStream({ highWaterMark: 1024 * 1024, autoClose: false });
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (cause) {
    await dispose();
    throw new Error(`Cannot make the filesystem of STATE: ${String(cause)}`, { cause });
  }
}
