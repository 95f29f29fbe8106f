import fc from "fast-check";
import { describe, expect, test } from "vitest";
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

async function pull(
  rest: Partial<PracticeRegistryOptions> & { tag?: string; mirrors?: readonly string[] } = {},
  credentials?: PracticeRegistryOptions["credentials"],
): Promise<{ bytes: Buffer; asked: readonly string[] }> {
  await using registry = await startPracticeRegistry({ repository: "owner/ingot", files, ...rest });
  const { url, digest } = registry;
  const source = await openImage({
    image: `ghcr.io/owner/ingot${(rest.tag ?? ":v2").replace("DIGEST", digest)}`,
    registrySettings: async (name) => ({
      mirrors: name === "ghcr.io" ? [...(rest.mirrors ?? []), `${url}/`] : [],
      onlyMirrors: true,
      credentials,
    }),
    ...{ key: undefined, fetch, signal },
  });
  const chunks: Uint8Array[] = [];
  for (const part of ["kernel", "initramfs"] as const)
    for await (const chunk of source.read(part, signal)) chunks.push(chunk);
  return { bytes: Buffer.concat(chunks), asked: registry.asked };
}

describe("an image of a registry", () => {
  const all = Buffer.concat([parts.kernel, parts.initramfs]);

  test.each<[string, Parameters<typeof pull>[0]]>([
    ["by its tag, with a token", {}],
    ["by its digest", { tag: "@DIGEST" }],
    ["for this processor, of several", { isIndex: true }],
    ["whose blobs are elsewhere, without telling the token there", { redirects: true }],
    ["from the second mirror, when the first does not answer", { mirrors: ["http://127.0.0.1:1"] }],
  ])("is taken %s", async (_, options) => {
    expect((await pull(options)).bytes).toEqual(all);
  });

  test("asks for a token once, and in the name of whoever the config says", async () => {
    const credentials = { username: "operator", password: "secret" };
    const { asked } = await pull({ credentials }, credentials);
    expect(asked.filter((line) => line.startsWith("GET /token"))).toEqual([
      `GET /token as Basic ${Buffer.from("operator:secret").toString("base64")}`,
    ]);
    await expect(pull({ credentials })).rejects.toThrow(/says 401 instead of giving a token/);
  });

  test.each<[string, Parameters<typeof pull>[0], RegExp]>([
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
