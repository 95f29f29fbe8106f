// Which kernel modules an image carries, and in the form that boots fastest: uncompressed, so that the squashfs
// compresses them once and better, and indexed by depmod so that nothing is searched at boot.
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { tool } from "./tool.ts";

export interface ModuleChoice {
  /** Matched against the path below `kernel/`, such as `fs/xfs/xfs.ko.xz`. */
  readonly modules: readonly RegExp[];
  readonly never: readonly RegExp[];
}

export interface ModulePlace {
  /** The unpacked kernel package. */
  readonly kernelTree: string;
  readonly release: string;
  readonly root: string;
  /** The layers below: what they have is not taken again, and the index covers it. */
  readonly below: readonly string[];
  readonly signal: AbortSignal;
}

/** Copies the chosen modules, and all they depend on, into a layer of the root. */
export async function installModules(place: ModulePlace, choice: ModuleChoice): Promise<void> {
  const { kernelTree, release, root, below, signal } = place;
  const source = join(kernelTree, "lib/modules", release);
  const target = join(root, "usr/lib/modules", release);
  const depmod = (tree: string) => tool("depmod", ["-C", "/dev/null", "-b", tree, release], { signal });

  await depmod(kernelTree);
  const dependencies = parseDependencies(await readFile(join(source, "modules.dep"), "utf8"));
  const layers = below.map((layer) => join(layer, "usr/lib/modules", release));
  const wanted = [...withDependencies(dependencies, (path) => isChosen(path, choice))].filter(
    (path) => !layers.some((layer) => existsSync(join(layer, path.replace(/\.xz$/, "")))),
  );

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
  if (layers.length === 0) return void (await depmod(root));

  // The index of a layer is the one of all below it: the topmost is what the node sees.
  const together = await mkdtemp(join(tmpdir(), "ingot-modules-"));
  try {
    const merged = join(together, "lib/modules", release);
    for (const layer of [...layers, target]) await cp(layer, merged, { recursive: true });
    await depmod(together);
    for (const name of await readdir(merged)) {
      if (name.startsWith("modules.")) await copyFile(join(merged, name), join(target, name));
    }
  } finally {
    await rm(together, { recursive: true });
  }
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
