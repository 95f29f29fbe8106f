// The loaders that firmware.ts names, from the folder that set-up filled. Refuses a missing or altered file at start:
// a machine must not be the one to find out.
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { readAsset } from "./asset-file.ts";
import type { Asset } from "./booter.ts";

const manifestFormat = z.looseObject({
  package: z.string(),
  version: z.string(),
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});

export async function readLoaders(options: {
  readonly manifest: string;
  /** Without it, where set-up puts them: out/ipxe of the project that the manifest is in. */
  readonly folder?: string | undefined;
  readonly files: readonly string[];
}): Promise<ReadonlyMap<string, Asset>> {
  const { manifest, files } = options;
  const {
    package: name,
    version,
    files: digests,
  } = manifestFormat.parse(JSON.parse(await readFile(manifest, "utf8")));
  const folder = options.folder ?? join(dirname(manifest), "../../out/ipxe", version);
  const loaders = new Map<string, Asset>();
  for (const file of files) {
    const digest = digests[file];
    if (!digest) throw new Error(`Cannot serve ${file}: ${manifest} does not list it`);
    const asset = await readAsset(join(folder, file)).catch((cause: unknown) => {
      const source = `Debian's package ${name} ${version} has it in /usr/lib/ipxe; --loaders names the folder`;
      throw new Error(`Cannot serve the loader ${file}: it is not in ${folder}. ${source}`, { cause });
    });
    if (asset.sha256 !== digest) {
      throw new Error(
        `Cannot serve ${join(folder, file)}: its digest is ${asset.sha256}, the manifest says ${digest}`,
      );
    }
    loaders.set(file, asset);
  }
  return loaders;
}

/** Every file below a folder, by its path from there. */
export async function readFolder(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const files = new Map<string, Asset>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(relative(folder, path), await readAsset(path));
  }
  return files;
}
