import { readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { type KernelFiles, type MachineHandlers, one } from "./handler.ts";

/** What the kernel writes for a space, a tab, a line's end and a backslash in a path. */
export const unescapeMount = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

export const mounts = ({ proc }: Pick<KernelFiles, "proc">): MachineHandlers<"mounts"> => ({
  async mounts() {
    const lines = (await readFile(join(proc, "mounts"), "utf8")).split("\n").filter((line) => line !== "");
    const stats = await Promise.all(
      lines.map(async (line) => {
        const [filesystem = "", mountedOn = ""] = line.split(" ").map(unescapeMount);
        return { filesystem, mountedOn, ...(await spaceAt(mountedOn)) };
      }),
    );
    return one({ stats });
  },
});

/** Zeros for a file that is mounted on, and for what cannot be looked at. */
async function spaceAt(path: string) {
  try {
    if (!(await stat(path)).isDirectory()) return { size: 0n, available: 0n };
    const { bsize, blocks, bavail } = await statfs(path, { bigint: true });
    return { size: bsize * blocks, available: bsize * bavail };
  } catch {
    return { size: 0n, available: 0n };
  }
}
