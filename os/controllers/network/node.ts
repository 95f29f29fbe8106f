import { collectionController } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { all, the } from "../../../cosi/engine/reads.ts";
import { isWayOut, networkWaitsFor, usableAddresses } from "../../network/readiness.ts";
import { AddressStatus } from "../../resources/network/address.ts";
import { LinkStatus } from "../../resources/network/link.ts";
import { HostnameStatus, hostnameId, ResolverStatus, resolversId } from "../../resources/network/names.ts";
import { NetworkStatus, NodeAddress, networkStatusId } from "../../resources/network/node.ts";
import { RouteStatus } from "../../resources/network/route.ts";

export const nodeAddresses = collectionController({
  name: "NodeAddress",
  reads: { addresses: all(AddressStatus) },
  owns: many(NodeAddress),
  reconcile({ addresses }) {
    const current = usableAddresses(addresses.map(({ spec }) => spec));
    return {
      do: "set",
      outputs: {
        current: { spec: { addresses: current } },
        routed: { spec: { addresses: current } },
        default: { spec: { addresses: current.slice(0, 1) } },
      },
    };
  },
});

export const networkStatus = collectionController({
  name: "NetworkStatus",
  reads: {
    links: all(LinkStatus),
    addresses: all(AddressStatus),
    routes: all(RouteStatus),
    hostname: the(HostnameStatus, hostnameId),
    resolvers: the(ResolverStatus, resolversId),
  },
  owns: the(NetworkStatus, networkStatusId),
  reconcile({ links, addresses, routes, hostname, resolvers }) {
    const addressed = addresses.map(({ spec }) => spec);
    const routed = routes.map(({ spec }) => spec);
    const ports = links.map(({ metadata, spec }) => ({ ...spec, name: metadata.id }));
    return {
      do: "set",
      spec: {
        addressReady: usableAddresses(addressed).length > 0,
        connectivityReady: routed.some(isWayOut),
        hostnameReady: hostname !== undefined,
        etcFilesReady: resolvers !== undefined,
        waitingFor: networkWaitsFor(ports, addressed, routed),
      },
    };
  },
});
