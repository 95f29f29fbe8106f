import { randomBytes, randomInt } from "node:crypto";
import { parse, stringify } from "yaml";
import * as z from "zod";
import { type Authority, type Clock, createAuthority, openAuthority } from "../../pki/authority.ts";
import { createKeyPair, type KeyAlgorithm } from "../../pki/key-pair.ts";
import type { MachineConfig } from "../machine-config.ts";
import { base64 } from "../schema/scalars.ts";

const token = z.string().regex(/^[a-z0-9]{6}\.[a-z0-9]{16}$/, "is no token, such as abcdef.0123456789abcdef");
const authority = z.strictObject({ crt: base64.min(1), key: base64.min(1) });

/** Everything of a cluster that must not be guessed: what `gen secrets` writes, and every `gen config` reads. */
const bundle = z.strictObject({
  cluster: z.strictObject({ id: z.string().min(1), secret: base64.min(1) }),
  secrets: z.strictObject({
    bootstraptoken: token,
    /** Older clusters have this in place of the next. */
    aescbcencryptionsecret: base64.optional(),
    secretboxencryptionsecret: base64.optional(),
  }),
  trustdinfo: z.strictObject({ token }),
  certs: z.strictObject({
    etcd: authority,
    k8s: authority,
    k8saggregator: authority,
    k8sserviceaccount: z.strictObject({ key: base64.min(1) }),
    os: authority,
  }),
});

export type SecretsBundle = z.output<typeof bundle>;

/** Secrets for a new cluster. Its authorities live ten years. */
export async function createSecrets({ clock }: { readonly clock: Clock }): Promise<SecretsBundle> {
  const root = async (algorithm: KeyAlgorithm, name: { organization?: string[]; commonName?: string }) => {
    const { certificate, key } = await createAuthority({ algorithm, clock, ...name });
    return { crt: encode(certificate.pem), key: encode(key.pem) };
  };
  const [etcd, k8s, k8saggregator, os, serviceAccount] = await Promise.all([
    root("ecdsa-p256", { organization: ["etcd"] }),
    root("ecdsa-p256", { organization: ["kubernetes"] }),
    root("ecdsa-p256", { commonName: "front-proxy" }),
    root("ed25519", { organization: ["talos"] }),
    createKeyPair("rsa-4096"),
  ]);
  return {
    cluster: { id: urlSafe(randomBytes(32)), secret: randomBytes(32).toString("base64") },
    secrets: { bootstraptoken: newToken(), secretboxencryptionsecret: randomBytes(32).toString("base64") },
    trustdinfo: { token: newToken() },
    certs: { etcd, k8s, k8saggregator, k8sserviceaccount: { key: encode(serviceAccount.pem) }, os },
  };
}

/** PEM in base64, as configs carry it. */
const encode = (pem: string) => Buffer.from(pem).toString("base64");

/** RFC 4648 §5, with the padding that Node leaves out. */
const urlSafe = (bytes: Buffer) => bytes.toString("base64").replaceAll("+", "-").replaceAll("/", "_");

const letters = "0123456789abcdefghijklmnopqrstuvwxyz";
const randomText = (length: number) =>
  Array.from({ length }, () => letters[randomInt(letters.length)]).join("");
const newToken = () => `${randomText(6)}.${randomText(16)}`;

export function parseSecrets(text: string): SecretsBundle {
  return checked(parse(text, { maxAliasCount: 0 }), "secrets");
}

export const secretsText = (secrets: SecretsBundle): string =>
  stringify(secrets, { indent: 4, lineWidth: 0 });

/** The secrets of a cluster that exists, from the config of one of its control planes. */
export function secretsFromConfig({ v1alpha1 }: MachineConfig): SecretsBundle {
  const { machine, cluster } = v1alpha1 ?? {};
  const { aescbcEncryptionSecret, secretboxEncryptionSecret } = cluster ?? {};
  const value = {
    cluster: { id: cluster?.id, secret: cluster?.secret },
    secrets: {
      bootstraptoken: cluster?.token,
      ...(aescbcEncryptionSecret ? { aescbcencryptionsecret: aescbcEncryptionSecret } : {}),
      ...(secretboxEncryptionSecret ? { secretboxencryptionsecret: secretboxEncryptionSecret } : {}),
    },
    trustdinfo: { token: machine?.token },
    certs: {
      etcd: cluster?.etcd?.ca,
      k8s: cluster?.ca,
      k8saggregator: cluster?.aggregatorCA,
      k8sserviceaccount: cluster?.serviceAccount,
      os: machine?.ca,
    },
  };
  return checked(value, "secrets from this config: it is not a control plane's");
}

/** Of a cluster that kubeadm or somebody like it has made: `read` answers files of its `/etc/kubernetes/pki`. */
export async function secretsFromKubernetes(
  { clock }: { readonly clock: Clock },
  read: (file: string) => Promise<string>,
): Promise<SecretsBundle> {
  const pair = async (name: string) => {
    const crt = await read(`${name}.crt`);
    const key = await read(`${name}.key`);
    try {
      openAuthority({ crt, key, clock });
    } catch (cause) {
      throw new Error(`Cannot use ${name}.crt and ${name}.key: they are no authority's`, { cause });
    }
    return { crt: encode(crt), key: encode(key) };
  };
  const { certs, ...others } = await createSecrets({ clock });
  return {
    ...others,
    certs: {
      ...{ etcd: await pair("etcd/ca"), k8s: await pair("ca"), k8saggregator: await pair("front-proxy-ca") },
      ...{ k8sserviceaccount: { key: encode(await read("sa.key")) }, os: certs.os },
    },
  };
}

function checked(value: unknown, what: string): SecretsBundle {
  const { data, error } = bundle.safeParse(value);
  if (data) return data;
  const faults = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(`Cannot read ${what}: ${faults.join("; ")}`, { cause: error });
}

/** The authority of the machine API, which issues the certificates of clients and nodes. */
export function machineAuthority({ certs }: SecretsBundle, clock: Clock): Authority {
  const decode = (text: string) => Buffer.from(text, "base64").toString();
  return openAuthority({ crt: decode(certs.os.crt), key: decode(certs.os.key), clock });
}
