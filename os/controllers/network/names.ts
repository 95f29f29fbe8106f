import { writeFileSync } from "node:fs";
import { collectionController } from "../../../cosi/engine/controller.ts";
import { the } from "../../../cosi/engine/reads.ts";
import {
  HostnameSpec,
  HostnameStatus,
  hostnameId,
  ResolverSpec,
  ResolverStatus,
  resolversId,
  TimeServerSpec,
  TimeServerStatus,
  timeServersId,
} from "../../resources/network/names.ts";

export const hostnames = (setHostname: (name: string) => void) =>
  collectionController({
    name: "HostnameSpec",
    reads: { wanted: the(HostnameSpec, hostnameId) },
    owns: the(HostnameStatus, hostnameId),
    reconcile({ wanted }) {
      if (!wanted) return { do: "wait", why: "nobody has said a name" };
      setHostname(wanted.spec.hostname);
      return { do: "set", spec: wanted.spec };
    },
  });

/** resolv.conf(5) */
export const resolvers = (file: string) =>
  collectionController({
    name: "ResolverSpec",
    reads: { wanted: the(ResolverSpec, resolversId), hostname: the(HostnameStatus, hostnameId) },
    owns: the(ResolverStatus, resolversId),
    reconcile({ wanted, hostname }) {
      const { dnsServers = [], searchDomains: asked = [], skipsOwnDomain = false } = wanted?.spec ?? {};
      const own = skipsOwnDomain ? "" : (hostname?.spec.domainname ?? "");
      const searchDomains = [...new Set([...asked, ...(own === "" ? [] : [own])])];
      const search = searchDomains.length > 0 ? [`search ${searchDomains.join(" ")}`] : [];
      writeFileSync(file, [...dnsServers.map((server) => `nameserver ${server}`), ...search, ""].join("\n"));
      return { do: "set", spec: { dnsServers, searchDomains } };
    },
  });

export const timeServers = collectionController({
  name: "TimeServerSpec",
  reads: { wanted: the(TimeServerSpec, timeServersId) },
  owns: the(TimeServerStatus, timeServersId),
  reconcile: ({ wanted }) => ({ do: "set", spec: { timeServers: wanted?.spec.timeServers ?? [] } }),
});
