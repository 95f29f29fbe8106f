import type { Fault } from "../documents/document-kind.ts";
import { isAddressOrCidr } from "../schema/scalars.ts";
import type { V1Alpha1 } from "./config.ts";

type Cluster = NonNullable<V1Alpha1["cluster"]>;

export function* clusterFaults(
  cluster: Cluster | undefined,
  { controlPlane }: { controlPlane: boolean },
): Iterable<Fault> {
  if (!cluster) {
    yield ["cluster", "is required"];
    return;
  }
  const endpoint = cluster.controlPlane?.endpoint;
  if (!endpoint) yield ["cluster.controlPlane.endpoint", "is required"];
  else if (!/^https?:\/\/[^/:]+|\[/.test(endpoint))
    yield ["cluster.controlPlane.endpoint", "must be an https:// URL"];
  const domain = cluster.network?.dnsDomain;
  if (domain && !isDnsName(domain)) yield ["cluster.network.dnsDomain", "is no DNS name"];
  if (!controlPlane && cluster.etcd) yield ["cluster.etcd", "is for control planes only"];
  if (controlPlane) yield* etcdFaults(cluster.etcd);
  yield* staticPodFaults(cluster);
  yield* externalCloudFaults(cluster.externalCloudProvider);
  yield* manifestFaults(cluster.inlineManifests);
  yield* discoveryFaults(cluster);
  if (controlPlane) yield* cniFaults(cluster);
}

const isDnsName = (name: string) =>
  name.length <= 255 &&
  /^[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62}(?:\.[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62})*[._]?$/.test(name);

function* etcdFaults(etcd: Cluster["etcd"]): Iterable<Fault> {
  if (etcd && !etcd.ca) yield ["cluster.etcd.ca", "is required"];
  if (etcd?.subnet && (etcd.advertisedSubnets ?? []).length > 0) {
    yield ["cluster.etcd.subnet", "cannot be set together with advertisedSubnets"];
  }
  for (const field of ["advertisedSubnets", "listenSubnets"] as const) {
    for (const [index, subnet] of (etcd?.[field] ?? []).entries()) {
      if (!isAddressOrCidr(subnet.replace(/^!/, "")))
        yield [`cluster.etcd.${field}.${index}`, "is no address or network"];
    }
  }
}

const authorizers: readonly (string | undefined)[] = ["Node", "RBAC", "Webhook"];
const podResources: readonly string[] = ["cpu", "memory"];

/** What the static pods of the control plane cannot be told. */
function* staticPodFaults({ apiServer, controllerManager, scheduler }: Cluster): Iterable<Fault> {
  const chain = apiServer?.authorizationConfig ?? [];
  for (const [index, { type, name }] of chain.entries()) {
    const at = `cluster.apiServer.authorizationConfig.${index}`;
    if (!authorizers.includes(type)) yield [`${at}.type`, `must be one of ${authorizers.join(", ")}`];
    if (!name) yield [`${at}.name`, "is required"];
  }
  for (const argument of Object.keys(apiServer?.extraArgs ?? {})) {
    const isRival = argument === "authorization-mode" || argument.startsWith("authorization-webhook-");
    if (chain.length > 0 && isRival) {
      yield [`cluster.apiServer.extraArgs.${argument}`, "cannot be set together with authorizationConfig"];
    }
  }
  for (const [pod, config] of Object.entries({ apiServer, controllerManager, scheduler })) {
    for (const [field, amounts] of Object.entries(config?.resources ?? {})) {
      const unknown = Object.keys(amounts ?? {}).find((resource) => !podResources.includes(resource));
      if (unknown) yield [`cluster.${pod}.resources.${field}`, `has no ${unknown}: only cpu and memory`];
    }
  }
}

function* externalCloudFaults(provider: Cluster["externalCloudProvider"]): Iterable<Fault> {
  const manifests = provider?.manifests ?? [];
  if (!provider?.enabled && manifests.length > 0) {
    yield ["cluster.externalCloudProvider.manifests", "are given, but enabled is not true"];
  }
  for (const [index, url] of manifests.entries()) {
    if (!URL.canParse(url)) yield [`cluster.externalCloudProvider.manifests.${index}`, "is no URL"];
  }
}

function* manifestFaults(manifests: Cluster["inlineManifests"] = []): Iterable<Fault> {
  const names = manifests.map(({ name = "" }) => name);
  for (const [index, name] of names.entries()) {
    const at = `cluster.inlineManifests.${index}.name`;
    if (name.trim() === "") yield [at, "is required"];
    else if (names.indexOf(name) < index) yield [at, `"${name}" is there already`];
  }
}

/** The public discovery service, used when none is named. */
export const defaultDiscoveryEndpoint = "https://discovery.talos.dev/";

function* discoveryFaults({ discovery, id, secret }: Cluster): Iterable<Fault> {
  const service = discovery?.registries?.service;
  if (!discovery?.enabled || service?.disabled) return;
  const endpoint = service?.endpoint || defaultDiscoveryEndpoint;
  const at = "cluster.discovery.registries.service.endpoint";
  if (!URL.canParse(endpoint)) yield [at, "is no URL"];
  else if (!["", "/"].includes(new URL(endpoint).pathname)) yield [at, "must have no path"];
  if (!id) yield ["cluster.id", "is required by the discovery service"];
  if (!secret) yield ["cluster.secret", "is required by the discovery service"];
}

const cniNames: readonly string[] = ["flannel", "custom", "none"];

function* cniFaults({ network }: Cluster): Iterable<Fault> {
  if (!network?.cni) return;
  const { name = "", urls = [], flannel } = network.cni;
  for (const [index, url] of urls.entries()) {
    if (!URL.canParse(url)) yield [`cluster.network.cni.urls.${index}`, "is no URL"];
  }
  if (!cniNames.includes(name)) yield ["cluster.network.cni.name", `must be one of ${cniNames.join(", ")}`];
  if (name !== "custom" && urls.length > 0) yield ["cluster.network.cni.urls", `are not for ${name}`];
  if (name === "flannel") return;
  if ((flannel?.extraArgs ?? []).length > 0)
    yield ["cluster.network.cni.flannel.extraArgs", `are not for ${name}`];
  if (flannel?.kubeNetworkPoliciesEnabled) {
    yield ["cluster.network.cni.flannel.kubeNetworkPoliciesEnabled", `is not for ${name}`];
  }
}

export function* cniWarnings(cluster: Cluster | undefined): Iterable<Fault> {
  const { name, urls = [] } = cluster?.network?.cni ?? {};
  if (name === "custom" && urls.length === 0) yield ["cluster.network.cni.urls", "should name the manifests"];
}
