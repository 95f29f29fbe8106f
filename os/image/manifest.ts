import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOfFile } from "./cache.ts";
import type { DebianPackage } from "./debian.ts";

export interface BuildFacts {
  readonly profile: string;
  readonly suite: string;
  /** The kernel's release, as `uname -r` says it. */
  readonly release: string;
  readonly packages: readonly DebianPackage[];
  /** Unpacked Debian packages, by name: their licences are read there. */
  readonly unpacked: ReadonlyMap<string, string>;
}

/** Writes what the image is and what it was made of: digests, packages, versions, licences. */
export async function writeManifest(
  image: { kernel: string; initramfs: string; manifest: string },
  { profile, suite, release, packages, unpacked }: BuildFacts,
): Promise<void> {
  const manifest = {
    version: 1,
    profile,
    kernel: { release, ...(await fileFacts(image.kernel)) },
    initramfs: await fileFacts(image.initramfs),
    node: process.version,
    suite,
    packages: await Promise.all(
      packages.map(async ({ name, version, source, sha256 }) => ({
        name,
        version,
        source,
        sha256,
        licences: await licences(unpacked.get(name)!, name),
      })),
    ),
  };
  await writeFile(image.manifest, `${JSON.stringify(manifest, null, 2)}\n`);
}

async function fileFacts(file: string): Promise<{ sizeBytes: number; sha256: string }> {
  return { sizeBytes: (await stat(file)).size, sha256: await digestOfFile(file) };
}

/** The short names in a package's machine-readable copyright file (Debian's DEP-5); none when it is free text. */
async function licences(tree: string, name: string): Promise<string[]> {
  const text = await readFile(join(tree, "usr/share/doc", name, "copyright"), "utf8").catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    },
  );
  return [...new Set([...text.matchAll(/^License: *(\S.*)$/gm)].map((match) => match[1]!.trim()))].sort();
}
