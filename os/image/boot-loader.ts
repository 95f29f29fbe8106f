import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loaderFiles, loaderFolder } from "../install/boot-loader.ts";
import { core } from "../install/boot-partition.ts";
import { bootLoader } from "./contents.ts";
import { tool } from "./tool.ts";

/** Packages that the boot loader is made of and with. */
export const bootLoaderPackages: readonly string[] = [
  ...[bootLoader.tool.from, bootLoader.bios.from, bootLoader.efi.from],
  ...bootLoader.libraries,
];

/** GRUB's cores for both firmwares, into the root: an install writes them to a disk as they are. */
export async function makeBootLoader(
  root: string,
  treeOf: (name: string) => string,
  signal: AbortSignal,
): Promise<void> {
  const target = join(root, loaderFolder);
  await mkdir(target, { recursive: true });
  const script = join(target, "core.cfg");
  await writeFile(script, core.script);
  const { bios, efi } = bootLoader;
  const modules = ({ from, format }: { from: string; format: string }) =>
    join(treeOf(from), "usr/lib/grub", format);
  for (const [what, file] of [
    [bios, loaderFiles.core],
    [efi, loaderFiles.efi],
  ] as const) {
    const options = [
      "--directory",
      modules(what),
      "--format",
      what.format,
      "--prefix",
      core.prefix,
      "--config",
      script,
    ];
    await mkimage([...options, "--output", join(target, file), ...what.modules, ...bootLoader.modules]);
  }
  await copyFile(join(modules(bios), loaderFiles.boot), join(target, loaderFiles.boot));
  await tool("rm", [script], { signal });

  /** By the suite's own dynamic linker: the program and its libraries are of one release, and the host's are not asked. */
  function mkimage(args: readonly string[]): Promise<string> {
    const libraries = bootLoader.libraries.map((name) => join(treeOf(name), "usr/lib/x86_64-linux-gnu"));
    const program = join(treeOf(bootLoader.tool.from), bootLoader.tool.file);
    const linker = join(treeOf("libc6"), "usr/lib64/ld-linux-x86-64.so.2");
    return tool(linker, ["--library-path", libraries.join(":"), program, ...args], { signal });
  }
}
