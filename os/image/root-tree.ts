// A layer of the root filesystem as a folder: programs out of Debian packages, and the libraries they ask for.
import { existsSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isElf, needed, withoutSections } from "./elf.ts";

export interface LayerContents {
  readonly programs: readonly { from: string; file: string; names?: readonly string[] }[];
  /** Files or folders, taken as they are, to the same place. */
  readonly data: readonly { from: string; file: string }[];
  readonly libraryPackages: readonly string[];
  /** Path → content. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Programs that are in the layer already, and want libraries. */
  readonly present?: readonly string[];
}

export interface LayerParts extends LayerContents {
  readonly root: string;
  /** The layers below, whose libraries need not come again. */
  readonly below: readonly string[];
  /** Unpacked Debian packages, by name. */
  readonly unpacked: ReadonlyMap<string, string>;
}

export async function layOut({ root, below, unpacked, ...contents }: LayerParts): Promise<void> {
  const { programs, data, libraryPackages, files, present = [] } = contents;
  for (const [path, content] of Object.entries(files)) await writeFile(await place(root, path), content);
  const executables = present.map((file) => join(root, file));
  for (const { from, file, names = [] } of programs) {
    const target = await place(root, file);
    await copyFile(join(treeOf(unpacked, from), file), target);
    await chmod(target, 0o755);
    executables.push(target);
    for (const name of names) await symlink(`/${file}`, await place(root, name));
  }
  for (const { from, file } of data)
    await cp(join(treeOf(unpacked, from), file), await place(root, file), { recursive: true });
  const shelf = await libraryShelf(libraryPackages.map((name) => treeOf(unpacked, name)));
  await addLibraries({ root, below, executables, shelf });
}

/** The frame of every root: its folders, its links, and Node. */
export async function layOutFrame(
  root: string,
  {
    folders,
    links,
    node,
  }: { folders: readonly string[]; links: Readonly<Record<string, string>>; node: string },
): Promise<void> {
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
  for (const [path, target] of Object.entries(links)) await symlink(target, join(root, path));
  await writeFile(join(root, "usr/bin/node"), withoutSections(await readFile(node)), { mode: 0o755 });
}

interface Libraries {
  readonly root: string;
  readonly below: readonly string[];
  readonly executables: readonly string[];
  readonly shelf: ReadonlyMap<string, string>;
}

/** Copies every library that the executables need, and those that the libraries need. */
async function addLibraries({ root, below, executables, shelf }: Libraries): Promise<void> {
  const queue = [...executables];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    const bytes = await readFile(file);
    if (!isElf(bytes)) throw new Error(`Cannot add ${basename(file)} to the image: it is no ELF-64 program`);
    for (const name of needed(bytes)) {
      // The dynamic linker is asked for by its full path, /lib64/…; everything else is found in one folder.
      const path = join(name.startsWith("ld-") ? "usr/lib64" : "usr/lib", name);
      if ([root, ...below].some((layer) => existsSync(join(layer, path)))) continue;
      const found = shelf.get(name);
      if (!found) {
        throw new Error(
          `Cannot add ${basename(file)} to the image: no package of libraryPackages has ${name}`,
        );
      }
      const target = await place(root, path);
      await copyFile(found, target);
      await chmod(target, 0o755);
      queue.push(target);
    }
  }
}

/** Shared libraries by the name that programs ask for. */
async function libraryShelf(trees: readonly string[]): Promise<Map<string, string>> {
  const shelf = new Map<string, string>();
  for (const tree of trees) {
    for (const entry of await readdir(tree, { recursive: true, withFileTypes: true })) {
      if (/\.so(\.|$)/.test(entry.name) && !entry.isDirectory())
        shelf.set(entry.name, join(entry.parentPath, entry.name));
    }
  }
  return shelf;
}

/** Where a path of the root is in a layer; its folder is there afterwards. */
async function place(root: string, path: string): Promise<string> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  return target;
}

function treeOf(unpacked: ReadonlyMap<string, string>, name: string): string {
  const tree = unpacked.get(name);
  if (!tree) throw new Error(`Cannot find package ${name} among the unpacked ones`);
  return tree;
}
