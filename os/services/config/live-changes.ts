import { isDeepStrictEqual } from "node:util";
import type { MachineConfig } from "../../../machine-config/machine-config.ts";

/** What of the first document follows a change at once: what does upstream, and files. All other documents do. */
const live: readonly string[] = [
  "debug",
  "cluster",
  ...[
    "acceptedCAs",
    "ca",
    "certSANs",
    "controlPlane",
    "files",
    "install",
    "kernel",
    "kubelet",
    "logging",
    "network",
    "nodeAnnotations",
    "nodeLabels",
    "nodeTaints",
    "pods",
    "registries",
    "seccompProfiles",
    "sysctls",
    "sysfs",
    "time",
  ].map((key) => `machine.${key}`),
  ...["hostDNS", "imageCache", "kubePrism", "kubernetesTalosAPIAccess", "nodeAddressSortAlgorithm"].map(
    (key) => `machine.features.${key}`,
  ),
];

/** Why a change takes a reboot; undefined when it does not. */
export function rebootReason(current: MachineConfig, next: MachineConfig): string | undefined {
  if (!current.v1alpha1 || !next.v1alpha1) return "there is no v1alpha1 config on both sides";
  const changed = changes(current.v1alpha1, next.v1alpha1, "");
  if (changed.length === 0) return undefined;
  return `this config change can't be applied in immediate mode: ${changed.join(", ")}`;
}

/** The paths that differ and are not live. */
function changes(before: unknown, after: unknown, path: string): string[] {
  if (live.includes(path) || isDeepStrictEqual(before, after)) return [];
  const above = live.some((it) => path === "" || it.startsWith(`${path}.`));
  if (!above || !isRecord(before) || !isRecord(after)) return [path];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => changes(before[key], after[key], path === "" ? key : `${path}.${key}`));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
