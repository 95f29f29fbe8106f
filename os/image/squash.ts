import { tool } from "./tool.ts";

/** A squashfs image of a folder: owned by root, dated 1970, the same bytes for the same content. */
export async function squash(folder: string, image: string, signal: AbortSignal): Promise<void> {
  const reproducible = ["-all-root", "-reproducible", "-mkfs-time", "0", "-all-time", "0", "-no-xattrs"];
  const compression = ["-comp", "zstd", "-Xcompression-level", "19", "-b", "262144"];
  await tool(
    "mksquashfs",
    [folder, image, "-noappend", "-no-progress", "-quiet", ...reproducible, ...compression],
    {
      signal,
    },
  );
}
