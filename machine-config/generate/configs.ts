import { Document } from "yaml";
import type { Clock } from "../../pki/authority.ts";
import { year } from "../../pki/lifetimes.ts";
import { type Role, role } from "../../pki/roles.ts";
import type { ClientConfig } from "../client-config.ts";
import { configFromYaml, type MachineConfig } from "../machine-config.ts";
import { applyPatches, type Patch } from "../patch/patch.ts";
import { admissionControl, auditPolicy, controlPlaneImages, kubeletImage } from "./kubernetes.ts";
import { machineAuthority, type SecretsBundle } from "./secrets.ts";

export interface ClusterPlan {
  readonly clusterName: string;
  /** Where the control plane is reached: `https://10.0.0.10:6443`. */
  readonly endpoint: string;
  readonly secrets: SecretsBundle;
  readonly clock: Clock;
  readonly kubernetesVersion?: string;
  readonly installDisk?: string;
  readonly installImage?: string;
  /** More names and addresses for the certificates of the machine API and the Kubernetes API. */
  readonly certSans?: readonly string[];
  readonly dnsDomain?: string;
  readonly podSubnets?: readonly string[];
  readonly serviceSubnets?: readonly string[];
  readonly discovery?: boolean;
  readonly kubeSpan?: boolean;
  readonly allowSchedulingOnControlPlanes?: boolean;
  /** By registry: the URLs to ask first. */
  readonly registryMirrors?: Readonly<Record<string, readonly string[]>>;
  /** Where `talosctl` finds the nodes. */
  readonly endpoints?: readonly string[];
  readonly roles?: readonly Role[];
  readonly patches?: readonly Patch[];
  readonly controlPlanePatches?: readonly Patch[];
  readonly workerPatches?: readonly Patch[];
}

export interface GeneratedConfigs {
  readonly controlPlane: MachineConfig;
  readonly worker: MachineConfig;
  readonly client: ClientConfig;
}

/** The configs of a cluster's machines and of its operator: what `gen config` writes. */
export async function generateConfigs(plan: ClusterPlan): Promise<GeneratedConfigs> {
  const { patches = [], controlPlanePatches = [], workerPatches = [] } = plan;
  if (!/^https:\/\/[^/]+\/?$/.test(plan.endpoint) || !URL.canParse(plan.endpoint)) {
    throw new Error(
      `Cannot generate configs: the endpoint ${plan.endpoint} must be https:// with a host and a port`,
    );
  }
  return {
    controlPlane: applyPatches(configOf(controlPlane(plan), plan), [...patches, ...controlPlanePatches]),
    worker: applyPatches(configOf(worker(plan), plan), [...patches, ...workerPatches]),
    client: await generateClientConfig(plan),
  };
}

type ClientPlan = Pick<ClusterPlan, "clusterName" | "secrets" | "clock" | "endpoints" | "roles"> & {
  readonly lifetimeMs?: number;
};

/** A client of the machine API: a year, admin unless told otherwise. */
export async function generateClientConfig({
  clusterName,
  secrets,
  clock,
  endpoints = [],
  roles = [role.admin],
  lifetimeMs = year,
}: ClientPlan): Promise<ClientConfig> {
  const authority = machineAuthority(secrets, clock);
  const { certificate, key } = await authority.issue({
    organization: roles,
    purposes: ["clientAuth"],
    lifetimeMs,
  });
  const base64 = (pem: string) => Buffer.from(pem).toString("base64");
  return {
    context: clusterName,
    contexts: {
      [clusterName]: {
        endpoints: [...endpoints],
        ca: secrets.certs.os.crt,
        crt: base64(certificate.pem),
        key: base64(key.pem),
      },
    },
  };
}

type Value = Readonly<Record<string, unknown>>;

function controlPlane(plan: ClusterPlan): Value {
  const { secrets, certSans = [], allowSchedulingOnControlPlanes = false } = plan;
  const { aescbcencryptionsecret, secretboxencryptionsecret } = secrets.secrets;
  const images = controlPlaneImages(plan.kubernetesVersion);
  const sans = certSans.length > 0 ? { certSANs: [...certSans] } : {};
  return {
    version: "v1alpha1",
    debug: false,
    persist: true,
    machine: {
      ...machine(plan, { type: "controlplane", ca: secrets.certs.os }),
      // Load balancers outside of the cluster leave control planes alone, unless told otherwise.
      nodeLabels: { "node.kubernetes.io/exclude-from-external-load-balancers": "" },
    },
    cluster: {
      ...cluster(plan, { ca: secrets.certs.k8s }),
      ...(aescbcencryptionsecret ? { aescbcEncryptionSecret: aescbcencryptionsecret } : {}),
      ...(secretboxencryptionsecret ? { secretboxEncryptionSecret: secretboxencryptionsecret } : {}),
      aggregatorCA: secrets.certs.k8saggregator,
      serviceAccount: secrets.certs.k8sserviceaccount,
      apiServer: { image: images.apiServer, ...sans, admissionControl, auditPolicy },
      controllerManager: { image: images.controllerManager },
      proxy: { image: images.proxy },
      scheduler: { image: images.scheduler },
      etcd: { ca: secrets.certs.etcd },
      ...(allowSchedulingOnControlPlanes ? { allowSchedulingOnControlPlanes } : {}),
    },
  };
}

function worker(plan: ClusterPlan): Value {
  const { os, k8s } = plan.secrets.certs;
  return {
    version: "v1alpha1",
    debug: false,
    persist: true,
    machine: machine(plan, { type: "worker", ca: { crt: os.crt, key: "" } }),
    cluster: cluster(plan, { ca: { crt: k8s.crt, key: "" } }),
  };
}

const kubePrismPort = 7445;

function machine(plan: ClusterPlan, { type, ca }: { type: string; ca: Value }): Value {
  const { installDisk, installImage } = plan;
  return {
    type,
    token: plan.secrets.trustdinfo.token,
    ca,
    certSANs: [...(plan.certSans ?? [])],
    kubelet: {
      image: kubeletImage(plan.kubernetesVersion),
      defaultRuntimeSeccompProfileEnabled: true,
      disableManifestsDirectory: true,
    },
    install: {
      ...(installDisk ? { disk: installDisk } : {}),
      ...(installImage ? { image: installImage } : {}),
      wipe: false,
      grubUseUKICmdline: true,
    },
    features: {
      diskQuotaSupport: true,
      kubePrism: { enabled: true, port: kubePrismPort },
      hostDNS: { enabled: true, forwardKubeDNSToHost: true },
    },
  };
}

function cluster(plan: ClusterPlan, { ca }: { ca: Value }): Value {
  const { secrets, dnsDomain = "cluster.local", discovery = true } = plan;
  const { podSubnets = ["10.244.0.0/16"], serviceSubnets = ["10.96.0.0/12"] } = plan;
  return {
    id: secrets.cluster.id,
    secret: secrets.cluster.secret,
    controlPlane: { endpoint: plan.endpoint },
    clusterName: plan.clusterName,
    network: { dnsDomain, podSubnets: [...podSubnets], serviceSubnets: [...serviceSubnets] },
    token: secrets.secrets.bootstraptoken,
    ca,
    // Nodes find each other by the discovery service; Kubernetes' own registry does not scale.
    discovery: { enabled: discovery, registries: { kubernetes: { disabled: true }, service: {} } },
  };
}

function configOf(v1alpha1: Value, { registryMirrors = {}, kubeSpan }: ClusterPlan): MachineConfig {
  const document = (kind: string, fields: Value) => ({ apiVersion: "v1alpha1", kind, ...fields });
  const mirrors = Object.entries(registryMirrors).map(([name, urls]) =>
    document("RegistryMirrorConfig", { name, endpoints: urls.map((url) => ({ url })) }),
  );
  const values = [
    v1alpha1,
    ...mirrors,
    document("HostnameConfig", { auto: "stable" }),
    ...(kubeSpan === undefined ? [] : [document("KubeSpanConfig", { enabled: kubeSpan })]),
  ];
  return configFromYaml(values.map((value) => new Document(value, { aliasDuplicateObjects: false })));
}
