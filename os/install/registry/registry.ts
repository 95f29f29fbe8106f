// As much of the OCI distribution API (v1.1) as it takes to fetch an image.
import { createHash } from "node:crypto";
import * as z from "zod";
import type { RegistryEndpoint } from "../../../machine-config/settings/registries.ts";
import { innermost } from "../innermost.ts";
import { authorize } from "./authorize.ts";
import { parseChallenge } from "./challenge.ts";
import { formatReference, type Reference } from "./reference.ts";
import { type Fetch, trustingFetch } from "./trusting-fetch.ts";

const descriptor = z.object({
  mediaType: z.string().default(""),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.int().min(0),
  annotations: z.record(z.string(), z.string()).default({}),
  platform: z.object({ architecture: z.string(), os: z.string() }).optional(),
});
export type Descriptor = z.output<typeof descriptor>;

/** An image, or a list of images for several architectures (image-spec v1.1, manifest.md and image-index.md). */
const manifest = z.object({
  layers: z.array(descriptor).optional(),
  manifests: z.array(descriptor).optional(),
});

const accepted = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
].join(", ");
const mostManifestBytes = 4 * 1024 * 1024;

export interface RegistryOptions {
  /** In the order in which they are asked. */
  readonly endpoints: readonly RegistryEndpoint[];
  readonly fetch: Fetch;
  /** As registries call it: amd64, arm64. */
  readonly architecture: string;
  readonly signal: AbortSignal;
}

export interface FoundImage {
  readonly layers: readonly Descriptor[];
  /** In order; ends with an error when it is not what its digest says. */
  read(layer: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Asks one endpoint after the other; rejects with what the first of them said. */
export async function findImage(reference: Reference, options: RegistryOptions): Promise<FoundImage> {
  let first: unknown;
  for (const endpoint of options.endpoints) {
    try {
      return await findAt(endpoint, reference, options);
    } catch (error) {
      options.signal.throwIfAborted();
      first ??= error;
    }
  }
  if (first instanceof Error) throw first;
  throw new Error(`Cannot get ${formatReference(reference)}: the config names no place to ask`);
}

async function findAt(
  { base: api, credentials, tls }: RegistryEndpoint,
  reference: Reference,
  { fetch: usual, architecture, signal }: RegistryOptions,
): Promise<FoundImage> {
  const fetch = tls ? trustingFetch(tls, usual) : usual;
  const { repository } = reference;
  const base = `${api}/${repository}`;
  const { origin } = new URL(api);
  const called = formatReference(reference);
  let authorization: string | undefined;

  async function get(path: string, accept: string, stop: AbortSignal): Promise<Response> {
    const ask = async () => {
      const headers = { accept, ...(authorization !== undefined && { authorization }) };
      try {
        return await fetch(`${base}/${path}`, { headers, signal: stop });
      } catch (cause) {
        stop.throwIfAborted();
        throw new Error(`Cannot get ${called}: ${origin} cannot be asked: ${innermost(cause)}`, { cause });
      }
    };
    let response = await ask();
    if (response.status === 401) {
      await response.body?.cancel();
      const challenge = parseChallenge(response.headers.get("www-authenticate"));
      authorization = await authorize(challenge, { credentials, repository, fetch, signal: stop });
      response = await ask();
    }
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`Cannot get ${called}: ${origin} says ${response.status} to ${path}`);
    }
    return response;
  }

  async function manifestOf(name: string): Promise<z.output<typeof manifest>> {
    const { body } = await get(`manifests/${name}`, accepted, signal);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body!) {
      size += chunk.length;
      if (size > mostManifestBytes) throw new Error(`Cannot take the manifest of ${called}: it is too long`);
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    if (name.startsWith("sha256:") && digestOf(bytes) !== name)
      throw new Error(`Cannot trust the manifest of ${called}: its digest is not ${name}`);
    try {
      return manifest.parse(JSON.parse(bytes.toString("utf8")));
    } catch (cause) {
      throw new Error(`Cannot read the manifest of ${called}: it is none of an image`, { cause });
    }
  }

  let found = await manifestOf(reference.digest ?? reference.tag);
  if (found.manifests) {
    const fitting = found.manifests.find(
      ({ platform }) => platform?.os === "linux" && platform.architecture === architecture,
    );
    if (!fitting) throw new Error(`Cannot take ${called}: it has no image for linux/${architecture}`);
    found = await manifestOf(fitting.digest);
  }
  return {
    layers: found.layers ?? [],
    async *read({ digest, size }, stop) {
      const { body } = await get(`blobs/${digest}`, "*/*", stop);
      const hash = createHash("sha256");
      let got = 0;
      for await (const chunk of body!) {
        got += chunk.length;
        if (got > size) break;
        hash.update(chunk);
        yield chunk;
      }
      if (got !== size || `sha256:${hash.digest("hex")}` !== digest)
        throw new Error(`Cannot trust a part of ${called}: it is not what its digest says`);
    },
  };
}

const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
