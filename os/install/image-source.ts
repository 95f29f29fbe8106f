// Where an image comes from: a folder on an HTTP server, as the image builder makes it.
import { createHash, type KeyObject } from "node:crypto";
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
  readonly url: string;
  /** Of the maker whose images this machine trusts. */
  readonly key: KeyObject | undefined;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

export async function openImage({ url, key, fetch, signal }: ImageSourceOptions): Promise<ImageSource> {
  const folder = url.endsWith("/") ? url : `${url}/`;
  const get = async (name: string, signal: AbortSignal) => {
    const response = await fetch(new URL(name, folder), { signal });
    if (!response.ok) throw new Error(`Cannot get ${folder}${name}: the server says ${response.status}`);
    return response;
  };
  const text = new Uint8Array(await (await get(imageFiles.manifest, signal)).arrayBuffer());
  const signature = key && new Uint8Array(await (await get(imageFiles.signature, signal)).arrayBuffer());
  const release = readRelease({ text, signature }, key);
  return {
    release,
    async *read(part, signal) {
      const { body } = await get(imageFiles[part], signal);
      if (!body) throw new Error(`Cannot get ${folder}${imageFiles[part]}: the server sends nothing`);
      yield* verified(body, part, release[part]);
    },
  };
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
