import { registryAuthConfig } from "../documents/registry-auth-config.ts";
import { registryMirrorConfig } from "../documents/registry-mirror-config.ts";
import { registryTlsConfig } from "../documents/registry-tls-config.ts";
import type { MachineConfig } from "../machine-config.ts";

/** Where images of a registry are got. */
export interface RegistryEndpoint {
  /** What goes before a repository's name: `https://ghcr.io/v2`. */
  readonly base: string;
  readonly credentials: RegistryCredentials | undefined;
  readonly tls: RegistryTls | undefined;
}

export type RegistryCredentials =
  | { readonly username: string; readonly password: string }
  /** What a registry's own login gave: it is exchanged for a token each time. */
  | { readonly identityToken: string };

export interface RegistryTls {
  /** Trusted beside those that everybody trusts; PEM. */
  readonly authorities: string | undefined;
  /** Who the machine is; both PEM. */
  readonly identity: { readonly certificate: string; readonly key: string } | undefined;
  /** Whoever answers is believed. */
  readonly skipsVerification: boolean;
}

/**
 * In the order in which they are asked: mirrors first, `*` being those of registries that have none of their own. As
 * upstream has it, names, passwords and certificates are for the very host that they stand under, mirror or registry.
 */
export function registryEndpoints(config: MachineConfig | undefined, registry: string): RegistryEndpoint[] {
  const { mirrors, onlyMirrors } = mirrorsOf(config, registry) ??
    mirrorsOf(config, "*") ?? { mirrors: [], onlyMirrors: false };
  const own = { url: `https://${hostOf(registry)}`, overridePath: false };
  return [...mirrors, ...(onlyMirrors ? [] : [own])].map(({ url, overridePath }) => {
    const { host } = new URL(url);
    return {
      base: baseOf(url, overridePath),
      credentials: credentialsOf(config, host),
      tls: tlsOf(config, host),
    };
  });
}

/** Docker's own registry is not where its name says. */
const docker = { called: "docker.io", host: "registry-1.docker.io" } as const;
const hostOf = (registry: string) => (registry === docker.called ? docker.host : registry);
const isOf = (host: string, name: string | undefined) => name !== undefined && hostOf(name) === host;

function mirrorsOf(config: MachineConfig | undefined, name: string) {
  const document = config?.all(registryMirrorConfig).find((it) => it.name === name);
  const old = config?.v1alpha1?.machine?.registries?.mirrors?.[name];
  const onlyMirrors = document?.skipFallback ?? old?.skipFallback ?? false;
  const written = document?.endpoints?.flatMap(({ url, overridePath = false }) =>
    url ? [{ url, overridePath }] : [],
  );
  const mirrors = written ?? old?.endpoints?.map((url) => ({ url, overridePath: old.overridePath ?? false }));
  return mirrors && { mirrors, onlyMirrors };
}

/** The API is below /v2, unless the config says that its address is all there is. */
function baseOf(url: string, overridePath: boolean): string {
  const base = url.replace(/\/+$/, "");
  return overridePath || base.endsWith("/v2") ? base : `${base}/v2`;
}

function credentialsOf(config: MachineConfig | undefined, host: string): RegistryCredentials | undefined {
  const found =
    config?.all(registryAuthConfig).find(({ name }) => isOf(host, name)) ?? oldOf(config, host)?.auth;
  if (!found) return undefined;
  const { username, password = "", auth, identityToken } = found;
  if (username) return { username, password };
  if (identityToken) return { identityToken };
  if (!auth) return undefined;
  // Both, as base64(username:password).
  const [name = "", ...rest] = Buffer.from(auth, "base64").toString("utf8").split(":");
  return { username: name, password: rest.join(":") };
}

function tlsOf(config: MachineConfig | undefined, host: string): RegistryTls | undefined {
  const document = config?.all(registryTlsConfig).find(({ name }) => isOf(host, name));
  if (document) {
    const { ca, clientIdentity, insecureSkipVerify = false } = document;
    return {
      authorities: ca || undefined,
      identity: identityOf(clientIdentity?.cert, clientIdentity?.key),
      skipsVerification: insecureSkipVerify,
    };
  }
  const old = oldOf(config, host)?.tls;
  if (!old) return undefined;
  const { ca, clientIdentity, insecureSkipVerify = false } = old;
  return {
    authorities: ca ? pem(ca) : undefined,
    identity: clientIdentity && identityOf(pem(clientIdentity.crt), pem(clientIdentity.key)),
    skipsVerification: insecureSkipVerify,
  };
}

function oldOf(config: MachineConfig | undefined, host: string) {
  const { config: configs = {} } = config?.v1alpha1?.machine?.registries ?? {};
  return Object.entries(configs).find(([name]) => isOf(host, name))?.[1];
}

const pem = (base64 = "") => Buffer.from(base64, "base64").toString();

const identityOf = (certificate: string | undefined, key: string | undefined) =>
  certificate && key ? { certificate, key } : undefined;
