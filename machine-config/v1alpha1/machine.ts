import { duration, flag, text, u32, url } from "../schema/scalars.ts";
import { list, mapOf, section, untyped } from "../schema/section.ts";
import { certificateAndKey, certificates } from "./certificates.ts";
import { features } from "./features.ts";
import { disk, install, systemDiskEncryption } from "./install.ts";
import { kubelet } from "./kubelet.ts";
import { network } from "./network.ts";
import { registries } from "./registries.ts";

export const machine = section({
  type: text,
  token: text,
  ca: certificateAndKey,
  acceptedCAs: certificates,
  certSANs: list(text),
  controlPlane: section({
    controllerManager: section({ disabled: flag }),
    scheduler: section({ disabled: flag }),
  }),
  kubelet,
  pods: list(untyped),
  network,
  disks: list(disk),
  install,
  files: list(section({ content: text, permissions: u32, path: text, op: text })),
  env: mapOf(text),
  time: section({ disabled: flag, servers: list(text), bootTimeout: duration }),
  sysctls: mapOf(text),
  sysfs: mapOf(text),
  registries,
  systemDiskEncryption,
  features,
  udev: section({ rules: list(text) }),
  logging: section({
    destinations: list(section({ endpoint: url, format: text, extraTags: mapOf(text) })),
  }),
  kernel: section({ modules: list(section({ name: text, parameters: list(text) })) }),
  seccompProfiles: list(section({ name: text, value: untyped })),
  baseRuntimeSpecOverrides: untyped,
  nodeLabels: mapOf(text),
  nodeAnnotations: mapOf(text),
  nodeTaints: mapOf(text),
});
