import { flag, port, text } from "../schema/scalars.ts";
import { list, section } from "../schema/section.ts";

export const features = section({
  rbac: flag,
  stableHostname: flag,
  kubernetesTalosAPIAccess: section({
    enabled: flag,
    allowedRoles: list(text),
    allowedKubernetesNamespaces: list(text),
  }),
  apidCheckExtKeyUsage: flag,
  diskQuotaSupport: flag,
  kubePrism: section({ enabled: flag, port }),
  hostDNS: section({ enabled: flag, forwardKubeDNSToHost: flag, resolveMemberNames: flag }),
  imageCache: section({ localEnabled: flag }),
  nodeAddressSortAlgorithm: text,
});
