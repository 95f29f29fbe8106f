import { duration, flag, integer, text, url } from "../schema/scalars.ts";
import { list, mapOf, replacedList, section } from "../schema/section.ts";
import { certificateAndKey, certificates, privateKey } from "./certificates.ts";
import { apiServer, controllerManager, etcd, proxy, scheduler } from "./control-plane.ts";

export const cni = section({
  name: text,
  urls: list(text),
  flannel: section({ extraArgs: list(text), kubeNetworkPoliciesEnabled: flag }),
});

export const cluster = section({
  id: text,
  secret: text,
  controlPlane: section({ endpoint: url, localAPIServerPort: integer }),
  clusterName: text,
  network: section({
    cni,
    dnsDomain: text,
    podSubnets: replacedList(text),
    serviceSubnets: replacedList(text),
  }),
  token: text,
  aescbcEncryptionSecret: text,
  secretboxEncryptionSecret: text,
  ca: certificateAndKey,
  acceptedCAs: certificates,
  aggregatorCA: certificateAndKey,
  serviceAccount: privateKey,
  apiServer,
  controllerManager,
  proxy,
  scheduler,
  discovery: section({
    enabled: flag,
    registries: section({
      kubernetes: section({ disabled: flag }),
      service: section({ disabled: flag, endpoint: text }),
    }),
  }),
  etcd,
  coreDNS: section({ disabled: flag, image: text }),
  externalCloudProvider: section({ enabled: flag, manifests: list(text) }),
  extraManifests: list(text),
  extraManifestHeaders: mapOf(text),
  inlineManifests: list(section({ name: text, contents: text })),
  adminKubeconfig: section({ certLifetime: duration }),
  allowSchedulingOnMasters: flag,
  allowSchedulingOnControlPlanes: flag,
});
