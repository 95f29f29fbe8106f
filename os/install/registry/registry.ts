// As much of the OCI distribution API (v1.1) as it takes to fetch an image.
import { createHash } from "node:crypto";
import * as z from "zod";
import { parseChallenge } from "./challenge.ts";
import { formatReference, type Reference } from "./reference.ts";

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

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What a machine config says of a registry. */
export interface RegistrySettings {
  /** Where else than at the registry itself it is asked, in this order. */
  readonly mirrors: readonly string[];
  /** Only there. */
  readonly onlyMirrors: boolean;
  readonly credentials: Credentials | undefined;
}

export interface RegistryOptions {
  readonly settings: RegistrySettings;
  readonly fetch: typeof fetch;
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
  const { mirrors, onlyMirrors } = options.settings;
  const endpoints = [...mirrors, ...(onlyMirrors ? [] : [`https://${hostOf(reference)}`])];
  let first: unknown;
  for (const endpoint of endpoints) {
    try {
      return await findAt(endpoint.replace(/\/+$/, ""), reference, options);
    } catch (error) {
      options.signal.throwIfAborted();
      first ??= error;
    }
  }
  if (first instanceof Error) throw first;
  throw new Error(`Cannot get ${formatReference(reference)}: the config names no place to ask`);
}

/** Docker's own registry is not where its name says. */
const hostOf = ({ registry }: Reference) => (registry === "docker.io" ? "registry-1.docker.io" : registry);

async function findAt(
  endpoint: string,
  reference: Reference,
  { settings, fetch, architecture, signal }: RegistryOptions,
): Promise<FoundImage> {
  const base = `${endpoint}/v2/${reference.repository}`;
  const called = formatReference(reference);
  let authorization: string | undefined;

  async function get(path: string, accept: string, stop: AbortSignal): Promise<Response> {
    const ask = () =>
      fetch(`${base}/${path}`, {
        headers: { accept, ...(authorization !== undefined && { authorization }) },
        signal: stop,
      });
    let response = await ask();
    if (response.status === 401) {
      await response.body?.cancel();
      authorization = await authorizationFor(response.headers.get("www-authenticate"), stop);
      response = await ask();
    }
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`Cannot get ${called}: ${endpoint} says ${response.status} to ${path}`);
    }
    return response;
  }

  async function authorizationFor(header: string | null, stop: AbortSignal): Promise<string> {
    const challenge = parseChallenge(header);
    const { credentials } = settings;
    const basic =
      credentials &&
      `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64")}`;
    if (challenge?.scheme === "basic" && basic !== undefined) return basic;
    const realm = challenge?.parameters.get("realm");
    if (challenge?.scheme !== "bearer" || realm === undefined)
      throw new Error(`Cannot get ${called}: ${endpoint} lets nobody in without a name and a password`);
    const url = new URL(realm);
    const service = challenge.parameters.get("service");
    if (service !== undefined) url.searchParams.set("service", service);
    const scope = challenge.parameters.get("scope") ?? `repository:${reference.repository}:pull`;
    url.searchParams.set("scope", scope);
    const response = await fetch(url, {
      headers: basic === undefined ? {} : { authorization: basic },
      signal: stop,
    });
    if (!response.ok)
      throw new Error(`Cannot get ${called}: ${url.host} says ${response.status} instead of giving a token`);
    const given = z
      .object({ token: z.string().optional(), access_token: z.string().optional() })
      .parse(await response.json());
    return `Bearer ${given.token ?? given.access_token ?? ""}`;
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
