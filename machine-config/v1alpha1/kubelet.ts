import { argument, flag, text, u32 } from "../schema/scalars.ts";
import { list, mapOf, section, untyped } from "../schema/section.ts";

const idMapping = section({ containerID: u32, hostID: u32, size: u32 });

export const kubelet = section({
  image: text,
  clusterDNS: list(text),
  extraArgs: mapOf(argument),
  extraMounts: list(
    section({
      destination: text,
      type: text,
      source: text,
      options: list(text),
      uidMappings: list(idMapping),
      gidMappings: list(idMapping),
    }),
  ),
  extraConfig: untyped,
  credentialProviderConfig: untyped,
  defaultRuntimeSeccompProfileEnabled: flag,
  registerWithFQDN: flag,
  nodeIP: section({ validSubnets: list(text) }),
  skipNodeRegistration: flag,
  disableManifestsDirectory: flag,
});
