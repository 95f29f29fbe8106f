// Which kernel modules an image carries, and in the form that boots fastest: uncompressed, so that the squashfs
// compresses them once and better, and indexed by depmod so that nothing is searched at boot.
import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tool } from "./tool.ts";

export interface ModuleChoice {
  /** Matched against the path below `kernel/`, such as `fs/xfs/xfs.ko.xz`. */
  readonly modules: readonly RegExp[];
  readonly never: readonly RegExp[];
}

/** Copies the chosen modules, and all they depend on, from an unpacked kernel package into a root. */
export async function installModules(
  {
    kernelTree,
    release,
    root,
    signal,
  }: { kernelTree: string; release: string; root: string; signal: AbortSignal },
  choice: ModuleChoice,
): Promise<void> {
  const source = join(kernelTree, "lib/modules", release);
  const target = join(root, "lib/modules", release);
  const depmod = (tree: string) => tool("depmod", ["-C", "/dev/null", "-b", tree, release], { signal });

  await depmod(kernelTree);
  const dependencies = parseDependencies(await readFile(join(source, "modules.dep"), "utf8"));
  const wanted = [...withDependencies(dependencies, (path) => isChosen(path, choice))];

  for (const folder of new Set(wanted.map((path) => dirname(path)))) {
    await mkdir(join(target, folder), { recursive: true });
  }
  for (const path of wanted) await copyFile(join(source, path), join(target, path));
  for (const path of await readdir(source)) {
    if (/^modules\.(order|builtin|builtin\.modinfo)$/.test(path))
      await copyFile(join(source, path), join(target, path));
  }
  const compressed = wanted.filter((path) => path.endsWith(".xz"));
  if (compressed.length > 0) await tool("xz", ["--decompress", "--", ...compressed], { cwd: target, signal });
  await depmod(root);
}

/** modules.dep: `PATH: PATH PATH …`, each path relative to the release's folder. */
export function parseDependencies(text: string): Map<string, readonly string[]> {
  return new Map(
    text
      .split("\n")
      .filter((line) => line.includes(":"))
      .map((line) => {
        const [path, rest] = line.split(":", 2) as [string, string];
        return [path, rest.split(" ").filter((name) => name !== "")];
      }),
  );
}

export function withDependencies(
  dependencies: ReadonlyMap<string, readonly string[]>,
  chosen: (path: string) => boolean,
): Set<string> {
  const wanted = new Set<string>();
  const add = (path: string) => {
    if (wanted.has(path)) return;
    wanted.add(path);
    for (const needed of dependencies.get(path) ?? []) add(needed);
  };
  for (const path of dependencies.keys()) if (chosen(path)) add(path);
  return wanted;
}

function isChosen(path: string, { modules, never }: ModuleChoice): boolean {
  const below = path.replace(/^kernel\//, "");
  return modules.some((rule) => rule.test(below)) && !never.some((rule) => rule.test(below));
}
