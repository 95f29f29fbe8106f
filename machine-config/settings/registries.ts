import { registryAuthConfig } from "../documents/registry-auth-config.ts";
import { registryMirrorConfig } from "../documents/registry-mirror-config.ts";
import type { MachineConfig } from "../machine-config.ts";

export interface RegistrySettings {
  /** Where else than at the registry itself it is asked, in this order. */
  readonly mirrors: readonly string[];
  /** Only there. */
  readonly onlyMirrors: boolean;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
}

/** How images of a registry are got. `*` are the mirrors of those that have none of their own. */
export function registrySettings(config: MachineConfig, registry: string): RegistrySettings {
  const { mirrors = {}, config: configs = {} } = config.v1alpha1?.machine?.registries ?? {};
  const documents = config.all(registryMirrorConfig);
  const mirrorsOf = (name: string) => {
    const { endpoints: written, skipFallback } = documents.find((it) => it.name === name) ?? {};
    const endpoints = written?.flatMap(({ url }) => (url ? [url] : [])) ?? mirrors[name]?.endpoints;
    const onlyMirrors = skipFallback ?? mirrors[name]?.skipFallback ?? false;
    return endpoints && { mirrors: endpoints, onlyMirrors };
  };
  const auth =
    config.all(registryAuthConfig).find(({ name }) => name === registry) ?? configs[registry]?.auth;
  return {
    ...(mirrorsOf(registry) ?? mirrorsOf("*") ?? { mirrors: [], onlyMirrors: false }),
    credentials: auth && credentialsOf(auth),
  };
}

interface Auth {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Both, as `base64(username:password)`. */
  readonly auth?: string | undefined;
}

function credentialsOf({ username, password = "", auth }: Auth): RegistrySettings["credentials"] {
  if (username) return { username, password };
  if (!auth) return undefined;
  const [name = "", ...rest] = Buffer.from(auth, "base64").toString("utf8").split(":");
  return { username: name, password: rest.join(":") };
}
