import { beforeAll, describe, expect, test } from "vitest";
import { parseCertificate } from "../../pki/certificate.ts";
import { readKeyPair } from "../../pki/key-pair.ts";
import { year } from "../../pki/lifetimes.ts";
import { role } from "../../pki/roles.ts";
import { judge } from "../../pki/verdict.ts";
import { kubeSpanConfig } from "../documents/kube-span-config.ts";
import { registryMirrorConfig } from "../documents/registry-mirror-config.ts";
import { parsePatch } from "../patch/patch.ts";
import { assertValid } from "../validation.ts";
import { generateClientConfig, generateConfigs } from "./configs.ts";
import {
  createSecrets,
  parseSecrets,
  type SecretsBundle,
  secretsFromConfig,
  secretsText,
} from "./secrets.ts";

const now = new Date("2026-08-01T12:00:00Z");
const clock = { now: () => now };
const decode = (text: string) => Buffer.from(text, "base64").toString();

let secrets: SecretsBundle;
beforeAll(async () => {
  secrets = await createSecrets({ clock });
}, 120_000);

describe("secrets", () => {
  test("have the authorities that each part expects", () => {
    const { os, etcd, k8s, k8saggregator } = secrets.certs;
    const authorities = [os, etcd, k8s, k8saggregator].map(({ crt }) => parseCertificate(decode(crt)));
    expect(authorities.map(({ subject }) => subject.organization?.[0] ?? subject.commonName)).toEqual([
      "talos",
      "etcd",
      "kubernetes",
      "front-proxy",
    ]);
    expect(authorities.map(({ publicKey }) => publicKey.asymmetricKeyType)).toEqual([
      "ed25519",
      "ec",
      "ec",
      "ec",
    ]);
    expect(decode(os.key)).toContain("-----BEGIN ED25519 PRIVATE KEY-----");
    expect(
      readKeyPair(decode(secrets.certs.k8sserviceaccount.key)).privateKey.asymmetricKeyDetails?.modulusLength,
    ).toBe(4096);
  });

  test("have tokens, and 32 random bytes where bytes are due", () => {
    expect(secrets.trustdinfo.token).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    expect(secrets.secrets.bootstraptoken).not.toBe(secrets.trustdinfo.token);
    expect(Buffer.from(secrets.cluster.id, "base64url")).toHaveLength(32);
    expect(secrets.cluster.id).toMatch(/^[\w-]{43}=$/);
    expect(Buffer.from(secrets.cluster.secret, "base64")).toHaveLength(32);
  });

  test("come back from their file, and from a control plane's config", async () => {
    expect(parseSecrets(secretsText(secrets))).toEqual(secrets);
    const { controlPlane } = await generateConfigs({ ...plan(), discovery: false });
    expect(secretsFromConfig(controlPlane)).toEqual(secrets);
  });

  test("do not come from a worker's config", async () => {
    const { worker } = await generateConfigs(plan());
    expect(() => secretsFromConfig(worker)).toThrow("it is not a control plane's");
  });

  test.each([
    {
      name: "another token",
      change: (text: string) => text.replace(/token: \w+/, "token: short"),
      why: "is no token",
    },
    { name: "an unknown key", change: (text: string) => `${text}more: 1\n`, why: "more" },
    { name: "no authority", change: (text: string) => text.replace(/os:/, "so:"), why: "certs.os" },
  ])("with $name are refused", ({ change, why }) => {
    expect(() => parseSecrets(change(secretsText(secrets)))).toThrow(why);
  });
});

const plan = () => ({
  clusterName: "lab",
  endpoint: "https://10.0.0.10:6443",
  secrets,
  clock,
  installDisk: "/dev/sda",
  endpoints: ["10.0.0.11"],
});

describe("configs", () => {
  test("are valid as they are", async () => {
    const { controlPlane, worker } = await generateConfigs(plan());
    expect(assertValid(controlPlane, "metal")).toEqual([]);
    expect(assertValid(worker, "metal")).toEqual([]);
  });

  test("give workers no key", async () => {
    const { worker } = await generateConfigs(plan());
    expect(worker.text).not.toContain(secrets.certs.os.key);
    expect(worker.text).not.toContain(secrets.certs.k8s.key);
    expect(worker.text).not.toContain(secrets.certs.k8sserviceaccount.key);
    expect(worker.v1alpha1?.machine?.ca).toEqual({ crt: secrets.certs.os.crt, key: "" });
  });

  test("take mirrors and KubeSpan as documents, and patches last", async () => {
    const { controlPlane, worker } = await generateConfigs({
      ...plan(),
      registryMirrors: { "docker.io": ["https://mirror.example"] },
      kubeSpan: true,
      certSans: ["api.example"],
      patches: [parsePatch("machine: {sysctls: {a: 1}}")],
      workerPatches: [parsePatch("machine: {nodeLabels: {pool: a}}")],
    });
    expect(controlPlane.get(registryMirrorConfig, "docker.io")?.endpoints).toEqual([
      { url: "https://mirror.example" },
    ]);
    expect(worker.get(kubeSpanConfig)?.enabled).toBe(true);
    expect(controlPlane.v1alpha1?.machine?.certSANs).toEqual(["api.example"]);
    expect(controlPlane.v1alpha1?.cluster?.apiServer?.certSANs).toEqual(["api.example"]);
    expect(worker.v1alpha1?.machine?.sysctls).toEqual({ a: "1" });
    expect(worker.v1alpha1?.machine?.nodeLabels).toEqual({ pool: "a" });
    expect(controlPlane.v1alpha1?.machine?.nodeLabels).not.toHaveProperty("pool");
  });

  test.each(["10.0.0.10:6443", "http://10.0.0.10:6443", "https://10.0.0.10:6443/api", "https://"])(
    "are refused for the endpoint %s",
    async (endpoint) => {
      await expect(generateConfigs({ ...plan(), endpoint })).rejects.toThrow("must be https://");
    },
  );
});

test("an operator gets a certificate of a year, with the roles asked for", async () => {
  const { context, contexts } = await generateClientConfig({ ...plan(), roles: [role.reader] });
  const { ca, crt, key, endpoints } = contexts[context]!;
  const certificate = parseCertificate(decode(crt!));
  expect(endpoints).toEqual(["10.0.0.11"]);
  expect(certificate.subject.organization).toEqual(["os:reader"]);
  expect(certificate.notAfter).toEqual(new Date(now.getTime() + year));
  expect(readKeyPair(decode(key!)).publicKey.equals(certificate.publicKey)).toBe(true);
  const question = { authorities: [parseCertificate(decode(ca!))], at: now, purpose: "clientAuth" } as const;
  expect(judge(certificate, question)).toMatchObject({ trusted: true });
});
