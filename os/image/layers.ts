// The root filesystem in layers: the root itself, and one for each extension above it. Each is a stage of the cache.
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { core } from "../install/boot-partition.ts";
import { makeBootLoader } from "./boot-loader.ts";
import { type Cache, digestOfFile } from "./cache.ts";
import { bootLoader, contents, folders, links, type Profile, profiles } from "./contents.ts";
import type { DebianPackage } from "./debian.ts";
import type { Extension } from "./extension.ts";
import { installModules } from "./modules.ts";
import { layOut, layOutFrame } from "./root-tree.ts";
import { squash } from "./squash.ts";

export interface Layer {
  readonly name: string;
  readonly description: string;
  /** As the cache names it: by all that went into it. */
  readonly stage: string;
  readonly tree: string;
  readonly image: string;
  /** Debian packages that it has something of. */
  readonly packages: readonly DebianPackage[];
}

export interface LayerSurroundings {
  readonly cache: Cache;
  readonly unpacked: ReadonlyMap<string, string>;
  readonly kernelTree: string;
  readonly release: string;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Where a layer says what it is, so that a node can tell what it runs. */
const labels = "usr/share/ingot/extensions";

export async function rootLayer(
  around: LayerSurroundings,
  { profile, node, packages }: { profile: Profile; node: string; packages: readonly DebianPackage[] },
): Promise<Layer> {
  const { cache, unpacked, kernelTree, release, progress, signal } = around;
  const name = `root-${profile}`;
  const modules = profiles[profile];
  const digests = packages.map(({ sha256 }) => sha256);
  const layout = { contents, folders, links, bootLoader, core };
  const inputs = { digests, node: await digestOfFile(node), layout, modules };
  const stage = await cache.folder(name, inputs, async (folder) => {
    progress(`laying out the root, profile ${profile}`);
    const root = join(folder, "root");
    await layOutFrame(root, { folders, links, node });
    await layOut({ root, below: [], unpacked, ...contents, present: ["usr/bin/node"] });
    await makeBootLoader(root, (name) => unpacked.get(name)!, signal);
    await installModules({ kernelTree, release, root, below: [], signal }, modules);
    progress("compressing the root");
    await squash(root, join(folder, "image.squashfs"), signal);
  });
  return { name, description: `the root, profile ${profile}`, ...partsOf(stage), packages };
}

export async function extensionLayer(
  around: LayerSurroundings,
  {
    extension,
    packages,
    below,
  }: { extension: Extension; packages: readonly DebianPackage[]; below: readonly Layer[] },
): Promise<Layer> {
  const { cache, unpacked, kernelTree, release, progress, signal } = around;
  const { name, description, files, ...asked } = extension;
  const digests = packages.map(({ sha256 }) => sha256);
  const ownFiles = Object.entries(files).map(([path, content]) => [path, sha256Of(content)]);
  const inputs = { asked, ownFiles, digests, description, release, below: below.map(({ stage }) => stage) };
  const stage = await cache.folder(`extension-${name}`, inputs, async (folder) => {
    progress(`laying out the extension ${name}`);
    const root = join(folder, "root");
    const trees = below.map(({ tree }) => tree);
    const label = join(root, labels, `${name}.json`);
    await mkdir(dirname(label), { recursive: true });
    const named = packages.map(({ name, version }) => ({ name, version }));
    await writeFile(label, `${JSON.stringify({ name, description, packages: named }, null, 2)}\n`);
    await layOut({ root, below: trees, unpacked, ...asked, files });
    if (asked.modules.length > 0)
      await installModules(
        { kernelTree, release, root, below: trees, signal },
        { modules: asked.modules, never: [] },
      );
    progress(`compressing the extension ${name}`);
    await squash(root, join(folder, "image.squashfs"), signal);
  });
  return { name, description, ...partsOf(stage), packages };
}

const partsOf = (stage: string) => ({
  stage: basename(stage),
  tree: join(stage, "root"),
  image: join(stage, "image.squashfs"),
});
const sha256Of = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
