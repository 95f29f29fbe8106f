import type { ConfigDocument } from "./decode/decode.ts";
import { identityText } from "./decode/identity.ts";
import type { V1Alpha1 } from "./v1alpha1/config.ts";

/** A rule that two documents break together; it is reported at the later one. */
export interface Conflict {
  readonly document: ConfigDocument;
  readonly why: string;
}

/** Kinds of which only one may have a name: they would be the same link, address or mount. */
const rivals: readonly (readonly string[])[] = [
  [
    "LinkConfig",
    "DummyLinkConfig",
    "VLANConfig",
    "BondConfig",
    "BridgeConfig",
    "VRFConfig",
    "WireguardConfig",
  ],
  ["Layer2VIPConfig", "HCloudVIPConfig"],
  ["UserVolumeConfig", "ExistingVolumeConfig"],
];

type Machine = NonNullable<V1Alpha1["machine"]>;

const some = (list: readonly unknown[] | undefined) => (list ?? []).length > 0;

/** What a document says that the v1alpha1 document must then not say. */
const replaces: Readonly<Record<string, (machine: Machine) => readonly (string | false | undefined)[]>> = {
  HostnameConfig: ({ network, features }) => [
    network?.hostname && "network.hostname",
    features?.stableHostname && "features.stableHostname",
  ],
  ResolverConfig: ({ network }) => [
    some(network?.nameservers) && "network.nameservers",
    some(network?.searchDomains) && "network.searchDomains",
    network?.disableSearchDomain && "network.disableSearchDomain",
  ],
  TimeSyncConfig: ({ time }) => [
    time?.disabled && "time.disabled",
    some(time?.servers) && "time.servers",
    time?.bootTimeout && "time.bootTimeout",
  ],
  KubeSpanConfig: ({ network }) => [network?.kubespan && "network.kubespan"],
  UnattendedInstallConfig: ({ install }) => [install && "install"],
};

const encryptedVolumes: Readonly<Record<string, "state" | "ephemeral">> = {
  STATE: "state",
  EPHEMERAL: "ephemeral",
};

export function* conflicts(
  documents: readonly ConfigDocument[],
  machine: Machine | undefined,
): Iterable<Conflict> {
  for (const [index, document] of documents.entries()) {
    const rival = rivals.find((kinds) => kinds.includes(document.kind));
    const earlier = documents
      .slice(0, index)
      .find(({ kind, name }) => rival?.includes(kind) && name === document.name);
    if (earlier) yield { document, why: `cannot stand beside ${identityText(earlier)}` };
    if (!machine) continue;
    for (const field of replaces[document.kind]?.(machine) ?? []) {
      if (field) yield { document, why: `machine.${field} says this already` };
    }
    const volume = document.kind === "VolumeConfig" ? encryptedVolumes[document.name] : undefined;
    if (volume && "encryption" in document.spec && machine.systemDiskEncryption?.[volume]) {
      yield { document, why: `machine.systemDiskEncryption.${volume} says this already` };
    }
  }
}
