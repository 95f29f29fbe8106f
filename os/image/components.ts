// What an image is made of, by its makers' names: the rows of the manifest and of the bill of materials.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOfFile } from "./cache.ts";
import type { DebianPackage } from "./debian.ts";

export interface Component {
  readonly kind: "debian" | "npm" | "node";
  readonly name: string;
  readonly version: string;
  /** As its maker writes them. */
  readonly licences: readonly string[];
  /** `sha256:…` or `sha512:…`, in hexadecimal digits, of what was taken from the maker. */
  readonly digest: string;
  /** Debian: the source package. */
  readonly source?: string;
}

export async function debianComponent(
  { name, version, source, sha256 }: DebianPackage,
  tree: string,
): Promise<Component> {
  const licences = await debianLicences(tree, name);
  return { kind: "debian", name, version, licences, digest: `sha256:${sha256}`, source };
}

export async function npmComponent(project: string, name: string): Promise<Component> {
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(project, path), "utf8"));
  const own = (await json(`node_modules/${name}/package.json`)) as { version: string; license?: string };
  const lock = (await json("package-lock.json")) as { packages: Record<string, { integrity?: string }> };
  const integrity = lock.packages[`node_modules/${name}`]?.integrity;
  const [algorithm, digest] = integrity?.split("-", 2) ?? [];
  if (!algorithm || !digest)
    throw new Error(`Cannot say what ${name} is: package-lock.json has no digest of it`);
  return {
    kind: "npm",
    name,
    version: own.version,
    licences: own.license === undefined ? [] : [own.license],
    digest: `${algorithm}:${Buffer.from(digest, "base64").toString("hex")}`,
  };
}

export async function nodeComponent(file: string, version: string): Promise<Component> {
  const digest = `sha256:${await digestOfFile(file)}`;
  return { kind: "node", name: "node", version, licences: ["MIT"], digest };
}

/** The short names in a package's machine-readable copyright file (Debian's DEP-5); none when it is free text. */
async function debianLicences(tree: string, name: string): Promise<string[]> {
  const text = await readFile(join(tree, "usr/share/doc", name, "copyright"), "utf8").catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    },
  );
  return [...new Set([...text.matchAll(/^License: *(\S.*)$/gm)].map((match) => match[1]!.trim()))].sort();
}
