// The folder of an image of Ingot's own system, as `image build` leaves it.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

export interface ShelfAsset {
  /** As plans name it: part of an address, so of letters, digits, `.`, `-` and `_`. */
  readonly name: string;
  /** As people name it. */
  readonly file: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface BootImage {
  readonly kernel: string;
  readonly initrds: readonly string[];
  readonly arguments: readonly { readonly name: string; readonly value?: string }[];
}

export interface OpenImage {
  /** Of the kernel, as `uname -r` says it. */
  readonly release: string;
  /** For what machines it was built. */
  readonly profile: string;
  readonly kernel: ShelfAsset;
  readonly initramfs: ShelfAsset;
  /** What is told of them, for who installs them: nobody boots it. */
  readonly papers: readonly ShelfAsset[];
  /** Those that it wants to be booted with. */
  readonly kernelArguments: BootImage["arguments"];
}

const papers = ["manifest.json", "manifest.json.sig"] as const;
/** All that an image is, in its folder. */
export const imageFiles = ["vmlinuz", "initramfs", ...papers] as const;

const manifestFormat = z.looseObject({
  profile: z.string().default(""),
  kernel: z.looseObject({ release: z.string(), sizeBytes: z.int(), sha256: z.string() }),
  initramfs: z.looseObject({ sizeBytes: z.int(), sha256: z.string() }),
  /** `name` or `name=value`. */
  kernelArguments: z.array(z.string()).default([]),
});
type Told = Pick<ShelfAsset, "sizeBytes" | "sha256">;

export async function openImage(folder: string): Promise<OpenImage> {
  const { profile, kernel, initramfs, kernelArguments } = await readManifest(join(folder, papers[0]));
  const there = new Set(await readdir(folder));
  return {
    release: kernel.release,
    profile,
    kernel: await verified(folder, "vmlinuz", kernel),
    initramfs: await verified(folder, "initramfs", initramfs),
    papers: await Promise.all(
      papers.filter((name) => there.has(name)).map((name) => shelfAsset(folder, name)),
    ),
    kernelArguments: kernelArguments.map(argumentOf),
  };
}

async function verified(folder: string, file: string, told: Told): Promise<ShelfAsset> {
  const found = await shelfAsset(folder, file);
  if (found.sizeBytes === told.sizeBytes && found.sha256 === told.sha256) return found;
  throw new Error(
    `Cannot serve ${found.path}: it is not the file that its manifest names; build the image again`,
  );
}

function argumentOf(text: string): BootImage["arguments"][number] {
  const [name = "", ...value] = text.split("=");
  return value.length === 0 ? { name } : { name, value: value.join("=") };
}

async function readManifest(path: string) {
  try {
    return manifestFormat.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot use the image of ${path}: ${why}`, { cause });
  }
}

/** A file with its digest. */
export async function shelfAsset(folder: string, file: string): Promise<ShelfAsset> {
  const path = join(folder, file);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Uint8Array);
    sizeBytes += (chunk as Uint8Array).length;
  }
  const sha256 = hash.digest("hex");
  return { name: `${sha256.slice(0, 16)}-${file}`, file, path, sizeBytes, sha256 };
}
