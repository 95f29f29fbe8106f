import { role } from "../../pki/roles.ts";
import type { Fault } from "../documents/document-kind.ts";
import { isAddressOrCidr, isCidr } from "../schema/scalars.ts";
import type { V1Alpha1 } from "./config.ts";

type Machine = NonNullable<V1Alpha1["machine"]>;

export function* kubernetesFaults(
  { machine, cluster }: V1Alpha1,
  { controlPlane }: { controlPlane: boolean },
): Iterable<Fault> {
  yield* apiAccessFaults(machine!, { controlPlane });
  yield* kubeSpanFaults(machine!.network?.kubespan, cluster);
  yield* kubeletFaults(machine!.kubelet);
  yield* labelFaults(machine!);
}

const roles: readonly string[] = Object.values(role);

function* apiAccessFaults(
  { features }: Machine,
  { controlPlane }: { controlPlane: boolean },
): Iterable<Fault> {
  const at = "machine.features.kubernetesTalosAPIAccess";
  const access = features?.kubernetesTalosAPIAccess;
  if (!access?.enabled) return;
  if (!controlPlane) yield [at, "is for control planes only"];
  for (const [index, name] of (access.allowedRoles ?? []).entries()) {
    if (!roles.includes(name)) yield [`${at}.allowedRoles.${index}`, `"${name}" is no role`];
  }
}

type KubeSpan = NonNullable<Machine["network"]>["kubespan"];

/** Room for IPv6's smallest MTU. */
const minimumMtu = 1280;

function* kubeSpanFaults(kubespan: KubeSpan, cluster: V1Alpha1["cluster"]): Iterable<Fault> {
  if (!kubespan?.enabled) return;
  const at = "machine.network.kubespan";
  if (kubespan.mtu !== undefined && kubespan.mtu < minimumMtu)
    yield [`${at}.mtu`, `must be at least ${minimumMtu}`];
  if (!cluster?.discovery?.enabled) yield ["cluster.discovery.enabled", "must be true for KubeSpan"];
  if (!cluster?.id) yield ["cluster.id", "is required by KubeSpan"];
  if (!cluster?.secret) yield ["cluster.secret", "is required by KubeSpan"];
  for (const [index, filter] of (kubespan.filters?.endpoints ?? []).entries()) {
    if (!isAddressOrCidr(filter.replace(/^!/, "")))
      yield [`${at}.filters.endpoints.${index}`, "is no address or network"];
  }
  for (const [index, network] of (kubespan.filters?.excludeAdvertisedNetworks ?? []).entries()) {
    if (!isCidr(network)) yield [`${at}.filters.excludeAdvertisedNetworks.${index}`, "is no network"];
  }
}

/** What the system sets in the kubelet's configuration, and nobody else may. */
const kubeletOwnFields: ReadonlySet<string> = new Set([
  "apiVersion",
  "authentication",
  "authorization",
  "cgroupRoot",
  "kind",
  "kubeletCgroups",
  "port",
  "protectKernelDefaults",
  "resolvConf",
  "rotateCertificates",
  "seccompDefault",
  "staticPodPath",
  "systemCgroups",
]);

function* kubeletFaults(kubelet: Machine["kubelet"]): Iterable<Fault> {
  for (const [index, subnet] of (kubelet?.nodeIP?.validSubnets ?? []).entries()) {
    if (!isAddressOrCidr(subnet.replace(/^!/, ""))) {
      yield [`machine.kubelet.nodeIP.validSubnets.${index}`, "is no address or network"];
    }
  }
  for (const field of Object.keys(kubelet?.extraConfig ?? {})) {
    if (kubeletOwnFields.has(field)) yield [`machine.kubelet.extraConfig.${field}`, "is set by the system"];
  }
}

const prefix = String.raw`(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?`;
const name = String.raw`[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?`;
const qualifiedName = new RegExp(`^${prefix}${name}$`);
const labelValue = new RegExp(`^(?:${name})?$`);
const taintEffects: readonly string[] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/** Kubernetes' own rules for names and values of labels, annotations and taints. */
function* labelFaults({ nodeLabels = {}, nodeAnnotations = {}, nodeTaints = {} }: Machine): Iterable<Fault> {
  for (const [key, value] of Object.entries(nodeLabels)) {
    if (!qualifiedName.test(key) || !labelValue.test(value))
      yield ["machine.nodeLabels", `${key}: ${value} is no label`];
  }
  for (const key of Object.keys(nodeAnnotations)) {
    if (!qualifiedName.test(key.toLowerCase()))
      yield ["machine.nodeAnnotations", `${key} is no name of an annotation`];
  }
  for (const [key, taint] of Object.entries(nodeTaints)) {
    const [effect = "", value = ""] = taint.split(":").toReversed();
    if (!qualifiedName.test(key) || !labelValue.test(value) || !taintEffects.includes(effect)) {
      yield ["machine.nodeTaints", `${key}: ${taint} is no taint`];
    }
  }
}
