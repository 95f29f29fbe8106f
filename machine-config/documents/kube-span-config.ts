import { cidr, flag, isAddressOrCidr, text, u32 } from "../schema/scalars.ts";
import { list, section, zeroCounts } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

/** Room for IPv6's smallest MTU. */
const minimumMtu = 1280;

export const kubeSpanConfig = documentKind({
  kind: "KubeSpanConfig",
  fields: {
    enabled: flag,
    advertiseKubernetesNetworks: flag,
    allowDownPeerBypass: flag,
    harvestExtraEndpoints: flag,
    mtu: zeroCounts(u32),
    filters: section({ endpoints: list(text), excludeAdvertisedNetworks: list(cidr) }),
  },
  *rules({ mtu, filters }) {
    if (mtu !== undefined && mtu < minimumMtu) yield ["mtu", `must be at least ${minimumMtu}`];
    for (const [index, filter] of (filters?.endpoints ?? []).entries()) {
      if (!isAddressOrCidr(filter.replace(/^!/, ""))) {
        yield [`filters.endpoints.${index}`, "is no address or network"];
      }
    }
  },
});
