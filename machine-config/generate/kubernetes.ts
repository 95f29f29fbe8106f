/** What a new cluster runs unless told otherwise. */
const defaultVersion = "1.36.0";

export const kubeletImage = (version = defaultVersion) => `ghcr.io/siderolabs/kubelet:v${version}`;

export function controlPlaneImages(version = defaultVersion) {
  const image = (name: string) => `registry.k8s.io/${name}:v${version}`;
  return {
    apiServer: image("kube-apiserver"),
    controllerManager: image("kube-controller-manager"),
    proxy: image("kube-proxy"),
    scheduler: image("kube-scheduler"),
  };
}

/** Pods are held to the baseline, and warned of what the restricted profile would refuse. */
export const admissionControl = [
  {
    name: "PodSecurity",
    configuration: {
      apiVersion: "pod-security.admission.config.k8s.io/v1alpha1",
      kind: "PodSecurityConfiguration",
      defaults: {
        enforce: "baseline",
        "enforce-version": "latest",
        audit: "restricted",
        "audit-version": "latest",
        warn: "restricted",
        "warn-version": "latest",
      },
      exemptions: { namespaces: ["kube-system"], runtimeClasses: [], usernames: [] },
    },
  },
];

/** Every request is on record, without its contents. */
export const auditPolicy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", rules: [{ level: "Metadata" }] };
