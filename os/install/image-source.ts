// Where an image comes from: a folder on an HTTP server, as the image builder makes it, or a registry of container
// images, where each of the folder's files is a layer that bears its name (as `oras push` names them).
import { createHash, type KeyObject } from "node:crypto";
import { type RegistryEndpoint, registryEndpoints } from "../../machine-config/settings/registries.ts";
import { innermost } from "./innermost.ts";
import { parseReference } from "./registry/reference.ts";
import { findImage } from "./registry/registry.ts";
import { type Release, readRelease } from "./release.ts";

export const imageFiles = {
  manifest: "manifest.json",
  signature: "manifest.json.sig",
  kernel: "vmlinuz",
  initramfs: "initramfs",
} as const;

export type ImagePart = "kernel" | "initramfs";

export interface ImageSource {
  readonly release: Release;
  /** In order; ends with an error when it is not, to the last byte, what the release says. */
  read(part: ImagePart, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface ImageSourceOptions {
  /** An address that begins with http, or a reference such as `ghcr.io/owner/name:tag`. */
  readonly image: string;
  /** Of the maker whose images this machine trusts. */
  readonly key: KeyObject | undefined;
  readonly fetch: typeof fetch;
  /** Where a registry is asked; where its name says, when nothing is said. */
  readonly registry?: (name: string) => readonly RegistryEndpoint[] | Promise<readonly RegistryEndpoint[]>;
  readonly signal: AbortSignal;
}

export async function openImage(options: ImageSourceOptions): Promise<ImageSource> {
  const { image, key, signal } = options;
  const open = await (/^https?:\/\//.test(image) ? folder(options) : inRegistry(options));
  const text = await whole(open(imageFiles.manifest, signal));
  const signature = key && (await whole(open(imageFiles.signature, signal)));
  const release = readRelease({ text, signature }, key);
  return { release, read: (part, signal) => verified(open(imageFiles[part], signal), part, release[part]) };
}

/** Reads a file by its name. */
type Open = (name: string, signal: AbortSignal) => AsyncIterable<Uint8Array>;

function folder({ image, fetch }: ImageSourceOptions): Open {
  const address = image.endsWith("/") ? image : `${image}/`;
  return async function* (name, signal) {
    const response = await fetch(new URL(name, address), { signal }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new Error(`Cannot get ${address}${name}: ${innermost(cause)}`, { cause });
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`Cannot get ${address}${name}: the server says ${response.status}`);
    }
    yield* response.body;
  };
}

/** As registries call this machine's processor. */
const architecture = process.arch === "x64" ? "amd64" : process.arch;
/** OCI image-spec v1.1, annotations.md: what a layer's file is called. */
const title = "org.opencontainers.image.title";

async function inRegistry(options: ImageSourceOptions): Promise<Open> {
  const { image, fetch, signal } = options;
  const reference = parseReference(image);
  const endpointsOf = options.registry ?? ((name) => registryEndpoints(undefined, name));
  const endpoints = await endpointsOf(reference.registry);
  const found = await findImage(reference, { endpoints, fetch, architecture, signal });
  return (name, signal) => {
    const layer = found.layers.find(({ annotations }) => annotations[title] === name);
    if (!layer) throw new Error(`Cannot take ${image}: it holds no ${name}, so it is no image of ours`);
    return found.read(layer, signal);
  };
}

/** A manifest and its signature are small. */
const mostBytes = 4 * 1024 * 1024;

async function whole(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > mostBytes) throw new Error("Cannot take the image: its manifest is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* verified(
  body: AsyncIterable<Uint8Array>,
  part: ImagePart,
  { sizeBytes, sha256 }: { sizeBytes: number; sha256: string },
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > sizeBytes)
      throw new Error(`Cannot take the ${part}: it is longer than its ${sizeBytes} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (size < sizeBytes)
    throw new Error(`Cannot take the ${part}: it ends after ${size} of ${sizeBytes} bytes`);
  if (hash.digest("hex") !== sha256)
    throw new Error(`Cannot take the ${part}: its digest is not the manifest's`);
}
