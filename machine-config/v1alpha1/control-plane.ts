import { argument, flag, text } from "../schema/scalars.ts";
import { keyedList, list, mapOf, mergeRules, section, untyped } from "../schema/section.ts";
import { certificateAndKey } from "./certificates.ts";

const resources = section({ requests: untyped, limits: untyped });

/** What every static pod of the control plane may be told. */
const staticPod = {
  image: text,
  extraArgs: mapOf(argument),
  extraVolumes: list(section({ hostPath: text, mountPath: text, readonly: flag })),
  env: mapOf(text),
  resources,
};

export const apiServer = section({
  ...staticPod,
  certSANs: list(text),
  disablePodSecurityPolicy: flag,
  admissionControl: keyedList(section({ name: text, configuration: untyped }), ["name"]),
  auditPolicy: untyped.clone().register(mergeRules, { kind: "replaced" }),
  authorizationConfig: list(section({ type: text, name: text, webhook: untyped })),
});

export const controllerManager = section(staticPod);

export const scheduler = section({ ...staticPod, config: untyped });

export const proxy = section({ disabled: flag, image: text, mode: text, extraArgs: mapOf(argument) });

export const etcd = section({
  image: text,
  ca: certificateAndKey,
  extraArgs: mapOf(argument),
  subnet: text,
  advertisedSubnets: list(text),
  listenSubnets: list(text),
});
