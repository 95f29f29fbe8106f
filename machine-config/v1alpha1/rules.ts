import type { Fault } from "../documents/document-kind.ts";
import { clusterFaults, cniWarnings } from "./cluster-rules.ts";
import type { V1Alpha1 } from "./config.ts";
import { kubernetesFaults } from "./kubernetes-rules.ts";
import { networkFaults } from "./network-rules.ts";

/** Where the config is to run: a machine of metal that is not installed needs to be told how it is. */
export type Mode = "metal" | "cloud" | "container";

export interface DocumentFindings {
  readonly errors: readonly Fault[];
  readonly warnings: readonly Fault[];
}

type Machine = NonNullable<V1Alpha1["machine"]>;

const controlPlaneTypes: ReadonlySet<string | undefined> = new Set(["init", "controlplane", "control-plane"]);
const workerTypes: ReadonlySet<string | undefined> = new Set(["worker", "join", ""]);

export const isControlPlane = ({ machine }: V1Alpha1) => controlPlaneTypes.has(machine?.type);

/** Every rule of the v1alpha1 document that its schema cannot say. */
export function v1alpha1Findings(config: V1Alpha1, mode: Mode): DocumentFindings {
  const { machine } = config;
  if (!machine) return { errors: [["machine", "is required"]], warnings: [] };
  const controlPlane = isControlPlane(config);
  return {
    errors: [
      ...clusterFaults(config.cluster, { controlPlane }),
      ...(mode === "metal" ? installFaults(machine) : []),
      ...(mode === "container" ? containerFaults(machine) : []),
      ...typeFaults(machine),
      ...certificateFaults(config, { controlPlane }),
      ...networkFaults(machine.network, { controlPlane }),
      ...diskFaults(machine),
      ...kubernetesFaults(config, { controlPlane }),
      ...machineFaults(config),
    ],
    warnings: [...(controlPlane ? cniWarnings(config.cluster) : []), ...deprecations(machine)],
  };
}

function* installFaults({ install }: Machine): Iterable<Fault> {
  if (!install) {
    yield ["machine.install", "is required on metal"];
    return;
  }
  const selector = Object.values(install.diskSelector ?? {}).filter((value) => value !== "");
  if (!install.disk && selector.length === 0) yield ["machine.install", "needs disk or diskSelector"];
  if (install.grubUseUKICmdline && (install.extraKernelArgs ?? []).length > 0) {
    yield ["machine.install.extraKernelArgs", "cannot be set together with grubUseUKICmdline"];
  }
}

function* containerFaults({ features }: Machine): Iterable<Fault> {
  if (!features?.hostDNS?.enabled) yield ["machine.features.hostDNS.enabled", "must be true in a container"];
  if (!features?.hostDNS?.forwardKubeDNSToHost) {
    yield ["machine.features.hostDNS.forwardKubeDNSToHost", "must be true in a container"];
  }
}

function* typeFaults({ type }: Machine): Iterable<Fault> {
  if (!controlPlaneTypes.has(type) && !workerTypes.has(type)) {
    yield ["machine.type", `"${type}" is no type of machine: controlplane or worker`];
  }
}

function* certificateFaults(
  { machine, cluster }: V1Alpha1,
  { controlPlane }: { controlPlane: boolean },
): Iterable<Fault> {
  const { ca, acceptedCAs = [] } = machine!;
  if (!ca && acceptedCAs.length === 0) yield ["machine.ca", "is required, or some acceptedCAs"];
  if (controlPlane) {
    if (!ca) yield ["machine.ca", "is required on control planes"];
    else if (!ca.key) yield ["machine.ca.key", "is required on control planes"];
    return;
  }
  if (ca?.key) yield ["machine.ca.key", "is for control planes only"];
  if (ca && !ca.crt && acceptedCAs.length === 0) yield ["machine.ca.crt", "is required, or some acceptedCAs"];
  if (cluster?.ca?.key) yield ["cluster.ca.key", "is for control planes only"];
}

function* diskFaults({ disks = [], systemDiskEncryption = {} }: Machine): Iterable<Fault> {
  for (const [index, { partitions = [] }] of disks.entries()) {
    for (const [number, { size }] of partitions.slice(0, -1).entries()) {
      if (!size)
        yield [`machine.disks.${index}.partitions.${number}.size`, "only the last one may fill the disk"];
    }
  }
  for (const [volume, encryption] of Object.entries(systemDiskEncryption)) {
    if (!encryption) continue;
    const at = `machine.systemDiskEncryption.${volume}.keys`;
    const keys = encryption.keys ?? [];
    if (keys.length === 0) yield [at, "is required"];
    for (const [index, { slot = 0, static: passphrase, nodeID, kms, tpm }] of keys.entries()) {
      if (keys.slice(0, index).some((key) => (key.slot ?? 0) === slot))
        yield [`${at}.${index}`, `slot ${slot} is in use already`];
      if (!passphrase && !nodeID && !kms && !tpm)
        yield [`${at}.${index}`, "needs one of static, nodeID, kms, tpm"];
    }
  }
}

const logFormats: readonly (string | undefined)[] = ["json_lines"];
const sortAlgorithms: readonly (string | undefined)[] = [undefined, "", "v1", "v2"];

function* machineFaults({ persist, machine }: V1Alpha1): Iterable<Fault> {
  const { features, logging, install } = machine!;
  if (persist === false) yield ["persist", "must be true"];
  if (features?.hostDNS?.forwardKubeDNSToHost && !features.hostDNS.enabled) {
    yield ["machine.features.hostDNS.enabled", "must be true when forwardKubeDNSToHost is"];
  }
  if (!sortAlgorithms.includes(features?.nodeAddressSortAlgorithm)) {
    yield ["machine.features.nodeAddressSortAlgorithm", "must be v1 or v2"];
  }
  for (const [index, { endpoint, format }] of (logging?.destinations ?? []).entries()) {
    const at = `machine.logging.destinations.${index}`;
    if (!endpoint || !/^(?:tcp|udp):\/\/[^/]+\/?$/.test(endpoint))
      yield [`${at}.endpoint`, "must be tcp:// or udp://"];
    if (!logFormats.includes(format)) yield [`${at}.format`, "must be json_lines"];
  }
  const images = (install?.extensions ?? []).map(({ image }) => image);
  for (const [index, image] of images.entries()) {
    if (images.indexOf(image) < index)
      yield [`machine.install.extensions.${index}`, `${image} is there already`];
  }
}

function* deprecations({ type, install, network }: Machine): Iterable<Fault> {
  const now =
    type === "control-plane" ? "controlplane" : type === "join" || type === "" ? "worker" : undefined;
  if (now) yield ["machine.type", `"${type}" is deprecated: use ${now}`];
  if (install?.extensions?.length)
    yield ["machine.install.extensions", "is deprecated: build an image with them"];
  for (const [index, { cidr }] of (network?.interfaces ?? []).entries()) {
    if (cidr) yield [`machine.network.interfaces.${index}.cidr`, "is deprecated: use addresses"];
  }
}
