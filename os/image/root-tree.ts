// The root filesystem as a folder: programs out of Debian packages, the libraries they ask for, Node, modules.
import { chmod, copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { data, files, folders, links, programs } from "./contents.ts";
import { isElf, needed, withoutSections } from "./elf.ts";

export interface RootParts {
  readonly root: string;
  /** Unpacked Debian packages, by name. */
  readonly unpacked: ReadonlyMap<string, string>;
  readonly libraryPackages: readonly string[];
  readonly node: string;
}

export async function layOutRoot({ root, unpacked, libraryPackages, node }: RootParts): Promise<void> {
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);

  const executables = [join(root, "usr/bin/node")];
  await writeFile(executables[0]!, withoutSections(await readFile(node)), { mode: 0o755 });
  for (const { from, file, names = [] } of programs) {
    const target = join(root, file);
    await copyFile(join(treeOf(unpacked, from), file), target);
    await chmod(target, 0o755);
    executables.push(target);
    for (const name of names) await symlink(`/${file}`, join(root, name));
  }
  for (const { from, file } of data) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await copyFile(join(treeOf(unpacked, from), file), join(root, file));
  }
  const shelf = await libraryShelf(libraryPackages.map((name) => treeOf(unpacked, name)));
  await addLibraries(root, executables, shelf);
  for (const [path, target] of Object.entries(links)) await symlink(target, join(root, path));
}

/** Copies every library that the executables need, and those that the libraries need. */
async function addLibraries(
  root: string,
  executables: readonly string[],
  shelf: ReadonlyMap<string, string>,
): Promise<void> {
  const done = new Set<string>();
  const queue = [...executables];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    const bytes = await readFile(file);
    if (!isElf(bytes)) throw new Error(`Cannot add ${basename(file)} to the image: it is no ELF-64 program`);
    for (const name of needed(bytes).filter((it) => !done.has(it))) {
      const found = shelf.get(name);
      if (!found) {
        throw new Error(
          `Cannot add ${basename(file)} to the image: no package of libraryPackages has ${name}`,
        );
      }
      done.add(name);
      // The dynamic linker is asked for by its full path, /lib64/…; everything else is found in one folder.
      const target = join(root, name.startsWith("ld-") ? "usr/lib64" : "usr/lib", name);
      await mkdir(dirname(target), { recursive: true });
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

function treeOf(unpacked: ReadonlyMap<string, string>, name: string): string {
  const tree = unpacked.get(name);
  if (!tree) throw new Error(`Cannot find package ${name} among the unpacked ones`);
  return tree;
}
