import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { registryEndpoints } from "../../../machine-config/settings/registries.ts";
import { type Authority, createAuthority } from "../../../pki/authority.ts";
import { openImage } from "../image-source.ts";
import { practiceImage } from "../practice-image.ts";
import { parseChallenge } from "./challenge.ts";
import { type PracticeRegistryOptions, startPracticeRegistry } from "./practice-registry.ts";
import { formatReference, parseReference } from "./reference.ts";

const digest = `sha256:${"ab".repeat(32)}`;

describe("a reference", () => {
  test.each([
    ["ghcr.io/owner/name:v1", ["ghcr.io", "owner/name", "v1", undefined]],
    ["oci://registry:5000/name", ["registry:5000", "name", "latest", undefined]],
    [`localhost/a/b/c:v1@${digest}`, ["localhost", "a/b/c", "v1", digest]],
    [`[fd00::1]:5000/name@${digest}`, ["[fd00::1]:5000", "name", "latest", digest]],
    ["ingot", ["docker.io", "library/ingot", "latest", undefined]],
    ["owner/ingot:v2", ["docker.io", "owner/ingot", "v2", undefined]],
  ])("%s is understood", (text, [registry, repository, tag, digest]) => {
    expect(parseReference(text)).toEqual({ registry, repository, tag, digest });
  });

  test.each([
    "",
    "http://host/name",
    "Host/Upper",
    "ghcr.io/../etc",
    "a b",
    `name@sha256:12`,
    "ghcr.io/name:v1:v2",
  ])("%j is none", (text) => {
    expect(() => parseReference(text)).toThrow(/no reference/);
  });

  test("is the same when it is written out and read again, and never leaves its repository's path", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 3 }),
        word,
        fc.option(fc.nat(65535)),
        fc.stringMatching(/^\w[\w.-]{0,20}$/),
        fc.boolean(),
        (path, host, port, tag, hasDigest) => {
          const registry = `${host}.example${port === null ? "" : `:${port}`}`;
          const written = {
            registry,
            repository: path.join("/"),
            tag,
            digest: hasDigest ? digest : undefined,
          };
          expect(parseReference(formatReference(written))).toEqual(written);
        },
      ),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          const { repository, tag, registry } = parseReference(text);
          expect(new URL(`https://${registry}/v2/${repository}/manifests/${tag}`).pathname).toBe(
            `/v2/${repository}/manifests/${tag}`,
          );
        } catch (error) {
          expect(String(error)).toMatch(/no reference/);
        }
      }),
    );
  });
});

describe("a challenge", () => {
  test.each([
    [
      'Bearer realm="https://a/t",service="a b",scope="x,y"',
      "bearer",
      { realm: "https://a/t", service: "a b", scope: "x,y" },
    ],
    ['bearer Realm = "q\\"uoted" , error=plain', "bearer", { realm: 'q"uoted', error: "plain" }],
    ['Basic realm="x"', "basic", { realm: "x" }],
    ["Negotiate", "negotiate", {}],
  ])("%s is read", (header, scheme, parameters) => {
    const found = parseChallenge(header);
    expect(found?.scheme).toBe(scheme);
    expect(Object.fromEntries(found!.parameters)).toEqual(parameters);
  });

  test("of any text is read or none", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseChallenge(text)));
    expect(parseChallenge(null)).toBeUndefined();
  });
});

const parts = { kernel: Buffer.from("a kernel"), initramfs: Buffer.alloc(200_000, "an initramfs ") };
const { release } = practiceImage(parts.kernel, parts.initramfs);
const files = {
  "manifest.json": Buffer.from(JSON.stringify(release)),
  vmlinuz: parts.kernel,
  initramfs: parts.initramfs,
};
const { signal } = new AbortController();

interface Pull extends Partial<PracticeRegistryOptions> {
  readonly tag?: string;
  /** What the machine config says besides of a registry that is there. */
  readonly config?: (place: { url: string; host: string }) => string;
  readonly mirrors?: readonly string[];
}

async function pull(rest: Pull = {}): Promise<{ bytes: Buffer; asked: readonly string[] }> {
  await using registry = await startPracticeRegistry({ repository: "owner/ingot", files, ...rest });
  const { url, digest } = registry;
  const mirrors = [...(rest.mirrors ?? []), `${url}/`].map((endpoint) => ({ url: endpoint }));
  const usual = JSON.stringify({
    ...{ apiVersion: "v1alpha1", kind: "RegistryMirrorConfig", name: "ghcr.io" },
    ...{ endpoints: mirrors, skipFallback: true },
  });
  const text = rest.config?.({ url, host: new URL(url).host }) ?? "";
  const config = parseMachineConfig(text.includes("Mirror") ? text : `${usual}\n---\n${text}`);
  const source = await openImage({
    image: `ghcr.io/owner/ingot${(rest.tag ?? ":v2").replace("DIGEST", digest)}`,
    registry: (name) => registryEndpoints(config, name),
    ...{ key: undefined, fetch, signal },
  });
  const chunks: Uint8Array[] = [];
  for (const part of ["kernel", "initramfs"] as const)
    for await (const chunk of source.read(part, signal)) chunks.push(chunk);
  return { bytes: Buffer.concat(chunks), asked: registry.asked };
}

const document = (kind: string, name: string, fields: object) =>
  JSON.stringify({ apiVersion: "v1alpha1", kind, name, ...fields });
const tokensAsked = (asked: readonly string[]) => asked.filter((line) => line.includes("/token"));
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

describe("an image of a registry", () => {
  const all = Buffer.concat([parts.kernel, parts.initramfs]);

  test.each<[string, Pull]>([
    ["by its tag, with a token", {}],
    ["by its digest", { tag: "@DIGEST" }],
    ["for this processor, of several", { isIndex: true }],
    ["whose blobs are elsewhere, without telling the token there", { redirects: true }],
    ["from the second mirror, when the first does not answer", { mirrors: ["http://127.0.0.1:1"] }],
    [
      "from a mirror whose address is all of its API's",
      {
        path: "/v2/proxy/ghcr",
        config: ({ url }) =>
          document("RegistryMirrorConfig", "ghcr.io", {
            endpoints: [{ url: `${url}/v2/proxy/ghcr`, overridePath: true }],
          }),
      },
    ],
    [
      "from a mirror as configs called it before",
      {
        config: ({ url }) => `machine: {registries: {mirrors: {ghcr.io: {endpoints: ["${url}"]}}}} # Mirror`,
      },
    ],
  ])("is taken %s", async (_, options) => {
    expect((await pull(options)).bytes).toEqual(all);
  });

  test("asks for a token once, in the name of whoever the config says for that host", async () => {
    const credentials = { username: "operator", password: "secret" };
    const { asked } = await pull({
      credentials,
      config: ({ host }) => document("RegistryAuthConfig", host, credentials),
    });
    expect(tokensAsked(asked)).toEqual([`GET /token as ${basic("operator:secret")}`]);
    const old = await pull({
      credentials,
      config: ({ host }) =>
        JSON.stringify({
          machine: { registries: { config: { [host]: { auth: { auth: btoa("operator:secret") } } } } },
        }),
    });
    expect(tokensAsked(old.asked)).toEqual(tokensAsked(asked));
  });

  test("tells no mirror what is for the registry itself", async () => {
    const credentials = { username: "operator", password: "secret" };
    const { asked } = await pull({ config: () => document("RegistryAuthConfig", "ghcr.io", credentials) });
    expect(tokensAsked(asked)).toEqual(["GET /token"]);
    await expect(pull({ credentials })).rejects.toThrow(/says 401 instead of giving a token/);
  });

  test("changes an identity token for one that it can use", async () => {
    const credentials = { identityToken: "of a login" };
    const { asked } = await pull({
      credentials,
      config: ({ host }) => document("RegistryAuthConfig", host, credentials),
    });
    expect(tokensAsked(asked)).toEqual(["POST /token"]);
  });

  test.each<[string, Pull, RegExp]>([
    [
      "sends another blob",
      { lies: "blobs" },
      /it is not what its digest says|is no manifest of ours|digest is not/,
    ],
    ["sends another manifest", { lies: "manifests", tag: "@DIGEST" }, /its digest is not sha256:/],
    ["has no such tag", { tag: ":v3" }, /says 404 to manifests\/v3/],
    [
      "holds something else",
      { files: { readme: Buffer.from("hello") } },
      /it holds no manifest.json, so it is no image/,
    ],
  ])("is refused when the registry %s", async (_, options, reason) => {
    await expect(pull(options)).rejects.toThrow(reason);
  });
});

describe("a registry that speaks TLS", () => {
  let ca: Authority;
  let server: { cert: string; key: string };
  let machine: { cert: string; key: string };
  beforeAll(async () => {
    const clock = { now: () => new Date() };
    ca = await createAuthority({ algorithm: "ed25519", clock, commonName: "a registry's own" });
    const pems = async (grant: Parameters<Authority["issue"]>[0]) => {
      const { certificate, key } = await ca.issue(grant);
      return { cert: certificate.pem, key: key.pkcs8Pem };
    };
    const names = { ipAddresses: ["127.0.0.1"], dnsNames: ["localhost"] };
    server = await pems({ ...names, purposes: ["serverAuth"] });
    machine = await pems({ commonName: "a machine", purposes: ["clientAuth"] });
  });
  const trusted = (fields: () => object) => ({
    config: ({ host }: { host: string }) => document("RegistryTLSConfig", host, fields()),
  });
  const over = (tls: object, rest: Pull = {}) => pull({ tls: { ...server, ...tls }, ...rest });

  test("is trusted by the authority that the config names, wherever it sends us", async () => {
    await expect(
      over(
        {},
        trusted(() => ({ ca: ca.certificate.pem })),
      ),
    ).resolves.toBeDefined();
    const redirects = { redirects: true, ...trusted(() => ({ ca: ca.certificate.pem })) };
    await expect(over({}, redirects)).resolves.toBeDefined();
    const old = ({ host }: { host: string }) => {
      const tls = { ca: Buffer.from(ca.certificate.pem).toString("base64") };
      return JSON.stringify({ machine: { registries: { config: { [host]: { tls } } } } });
    };
    await expect(over({}, { config: old })).resolves.toBeDefined();
  });

  test("is refused by a machine that knows nothing of its authority, with the reason", async () => {
    await expect(over({})).rejects.toThrow(/https:\/\/127\.0\.0\.1:\d+ cannot be asked: .*certificate/);
    await expect(
      over(
        {},
        trusted(() => ({ insecureSkipVerify: false })),
      ),
    ).rejects.toThrow(/certificate/);
    await expect(
      over(
        {},
        trusted(() => ({ insecureSkipVerify: true })),
      ),
    ).resolves.toBeDefined();
  });

  test("sees who the machine is, if it wants to", async () => {
    const wants = { requestCert: true, ca: ca.certificate.pem };
    const known = trusted(() => ({ ca: ca.certificate.pem, clientIdentity: machine }));
    await expect(over(wants, known)).resolves.toBeDefined();
    await expect(
      over(
        wants,
        trusted(() => ({ ca: ca.certificate.pem })),
      ),
    ).rejects.toThrow(/cannot be asked/);
  });
});
