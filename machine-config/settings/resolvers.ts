import { resolverConfig } from "../documents/resolver-config.ts";
import { staticHostConfig } from "../documents/static-host-config.ts";
import type { MachineConfig } from "../machine-config.ts";

export interface ResolverSettings {
  /** None means that DHCP, or else the platform's default, decides. */
  readonly nameservers: readonly string[];
  readonly searchDomains: readonly string[];
  /** Whether the machine's own domain is searched too. */
  readonly searchesOwnDomain: boolean;
  readonly hosts: readonly { readonly address: string; readonly names: readonly string[] }[];
}

/** How names become addresses. */
export function resolverSettings(config: MachineConfig): ResolverSettings {
  const { network } = config.v1alpha1?.machine ?? {};
  const document = config.get(resolverConfig);
  const nameservers = (document?.nameservers ?? []).flatMap(({ address }) => (address ? [address] : []));
  const hosts = config
    .all(staticHostConfig)
    .map(({ name = "", hostnames = [] }) => ({ address: name, names: hostnames }));
  const entries = (network?.extraHostEntries ?? []).map(({ ip = "", aliases = [] }) => ({
    address: ip,
    names: aliases,
  }));
  return {
    nameservers: nameservers.length > 0 ? nameservers : (network?.nameservers ?? []),
    searchDomains: document?.searchDomains?.domains ?? network?.searchDomains ?? [],
    searchesOwnDomain: !(document?.searchDomains?.disableDefault ?? network?.disableSearchDomain ?? false),
    hosts: [...entries, ...hosts],
  };
}
