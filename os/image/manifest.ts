import { stat } from "node:fs/promises";
import { digestOfFile } from "./cache.ts";
import type { Component } from "./components.ts";
import type { Layer } from "./layers.ts";

export interface BuildFacts {
  readonly profile: string;
  readonly suite: string;
  /** The kernel's release, as `uname -r` says it. */
  readonly release: string;
  readonly layers: readonly Layer[];
  readonly components: readonly Component[];
  /** Those that the image wants to be booted with. */
  readonly kernelArguments: readonly string[];
  readonly files: { readonly kernel: string; readonly initramfs: string; readonly bill: string };
  /** Digests of what came from the project itself. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** What the image is and what it was made of. Nothing in it tells when, where or by whom. */
export async function manifest({ files, layers, ...facts }: BuildFacts): Promise<object> {
  const { profile, suite, release, components, kernelArguments, inputs } = facts;
  return {
    version: 1,
    profile,
    kernel: { release, ...(await fileFacts(files.kernel)) },
    initramfs: await fileFacts(files.initramfs),
    billOfMaterials: await fileFacts(files.bill),
    kernelArguments,
    layers: await Promise.all(
      layers.map(async ({ name, description, image, packages }) => ({
        name,
        description,
        ...(await fileFacts(image)),
        packages: packages.map(({ name }) => name),
      })),
    ),
    inputs: { suite, ...inputs },
    components,
  };
}

async function fileFacts(file: string): Promise<{ sizeBytes: number; sha256: string }> {
  return { sizeBytes: (await stat(file)).size, sha256: await digestOfFile(file) };
}
