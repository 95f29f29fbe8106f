// A registry for tests: one repository, pulled with a token that its own token server gives.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

export interface PracticeRegistryOptions {
  readonly repository: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Nobody gets a token without. */
  readonly credentials?:
    | { readonly username: string; readonly password: string }
    | { readonly identityToken: string };
  /** It speaks TLS. */
  readonly tls?: Pick<ServerOptions, "cert" | "key" | "ca" | "requestCert">;
  /** Where its API is, instead of /v2. */
  readonly path?: string;
  /** The tag names a list of images for several architectures. */
  readonly isIndex?: boolean;
  /** Blobs are somewhere else, where nobody wants the token. */
  readonly redirects?: boolean;
  /** Sends other bytes than it was asked for. */
  readonly lies?: "blobs" | "manifests";
  readonly listen?: string;
}

export interface PracticeRegistry extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** The image's manifest, by which it can be asked for. */
  readonly digest: string;
  /** Method, path and who asked, in their order. */
  readonly asked: readonly string[];
}

const digestOf = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const token = "a-token";

export async function startPracticeRegistry(options: PracticeRegistryOptions): Promise<PracticeRegistry> {
  const { repository, files, credentials, isIndex, redirects, lies, tls, path: api = "/v2" } = options;
  const blobs = new Map(Object.values(files).map((bytes) => [digestOf(bytes), bytes]));
  const descriptor = (bytes: Uint8Array, rest: object) => ({
    digest: digestOf(bytes),
    size: bytes.length,
    ...rest,
  });
  const image = json({
    schemaVersion: 2,
    layers: Object.entries(files).map(([name, bytes]) =>
      descriptor(bytes, {
        mediaType: "application/octet-stream",
        annotations: { "org.opencontainers.image.title": name },
      }),
    ),
  });
  const index = json({
    schemaVersion: 2,
    manifests: ["s390x", "amd64", "arm64"].map((architecture) =>
      descriptor(architecture === "s390x" ? json({}) : image, { platform: { architecture, os: "linux" } }),
    ),
  });
  const manifests = new Map([
    ["v2", isIndex ? index : image],
    [digestOf(image), image],
    [digestOf(index), index],
  ]);
  const asked: string[] = [];

  const scheme = tls ? "https" : "http";
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://registry");
    const { authorization = "" } = request.headers;
    asked.push(`${request.method} ${url.pathname}${authorization && ` as ${authorization}`}`);
    const refuse = (status: number, headers = {}) => void response.writeHead(status, headers).end("{}");
    if (url.pathname === "/token") {
      const asked = new URLSearchParams(
        request.method === "POST" ? Buffer.concat(await request.toArray()).toString() : url.search,
      );
      if (!isFor(credentials, { authorization, refreshToken: asked.get("refresh_token") }))
        return refuse(401);
      if (asked.get("scope") !== `repository:${repository}:pull`) return refuse(400);
      return void response.end(JSON.stringify({ token }));
    }
    const [, where, path = "", what = "", name = ""] =
      /^(\/.+)\/(owner\/\w+)\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    if (path !== repository || (where !== api && where !== "/elsewhere")) return refuse(404);
    if (where === "/elsewhere") return authorization === "" ? send(response, blobs.get(name)) : refuse(400);
    if (authorization !== `Bearer ${token}`) {
      const realm = `${scheme}://${request.headers.host}/token`;
      return refuse(401, {
        "www-authenticate": `Bearer realm="${realm}",service="practice",scope="repository:${repository}:pull"`,
      });
    }
    if (what === "blobs" && redirects)
      return refuse(307, {
        location: `${scheme}://localhost:${port()}/elsewhere/${path}/blobs/${name}`,
      });
    const found = (what === "manifests" ? manifests : blobs).get(name);
    return found && lies === what ? send(response, changed(found)) : send(response, found);
  };
  const send = (response: ServerResponse, bytes: Uint8Array | undefined) =>
    void (bytes ? response.end(bytes) : response.writeHead(404).end("{}"));

  const listener = (request: IncomingMessage, response: ServerResponse) => void answer(request, response);
  const server = tls
    ? createTlsServer({ ...tls, rejectUnauthorized: tls.requestCert === true }, listener)
    : createServer(listener);
  const port = () => (server.address() as AddressInfo).port;
  await new Promise<void>((resolve) => server.listen(0, options.listen ?? "127.0.0.1", resolve));
  return {
    url: `${scheme}://127.0.0.1:${port()}`,
    port: port(),
    digest: digestOf(image),
    asked,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function isFor(
  credentials: PracticeRegistryOptions["credentials"],
  shown: { readonly authorization: string; readonly refreshToken: string | null },
): boolean {
  if (!credentials) return true;
  if ("identityToken" in credentials) return shown.refreshToken === credentials.identityToken;
  const basic = Buffer.from(`${credentials.username}:${credentials.password}`).toString("base64");
  return shown.authorization === `Basic ${basic}`;
}

const json = (value: object) => Buffer.from(JSON.stringify(value));

function changed(bytes: Uint8Array): Uint8Array {
  const other = Uint8Array.from(bytes);
  other[other.length - 1]! ^= 1;
  return other;
}
