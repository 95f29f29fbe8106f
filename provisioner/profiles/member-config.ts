// The machine config of a node that is one of a cluster: made of the cluster's secrets, where it is installed, and the
// patches of its profile.
import type { Clock } from "../../cosi/clock.ts";
import { InvalidMachineConfig } from "../../machine-config/decode/diagnostic.ts";
import { generateConfigs } from "../../machine-config/generate/configs.ts";
import type { SecretsBundle } from "../../machine-config/generate/secrets.ts";
import type { MachineConfig } from "../../machine-config/machine-config.ts";
import { applyPatches, parsePatch } from "../../machine-config/patch/patch.ts";
import { validate } from "../../machine-config/validation.ts";
import type { InventoryDisk } from "../resources/inventory.ts";

export interface Member {
  readonly cluster: string;
  readonly as: "controlplane" | "worker";
  /** Where the control plane is reached. */
  readonly endpoint: string;
  readonly secrets: SecretsBundle;
  /** Undefined: the node is told by a patch, or runs from memory. */
  readonly disk: InventoryDisk | undefined;
  /** For people; not every name can be a host's. */
  readonly name: string | undefined;
  /** Of the profile, with the machine's facts in them. */
  readonly patches: readonly string[];
}

export type MemberConfig =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "refused"; readonly why: string };

export async function memberConfig(member: Member, clock: Pick<Clock, "now">): Promise<MemberConfig> {
  const { cluster, as, endpoint, secrets, disk, name, patches } = member;
  try {
    const made = await generateConfigs({ clusterName: cluster, endpoint, secrets, clock });
    const own = [...diskPatch(disk), ...hostnamePatch(name)].map((patch) => JSON.stringify(patch));
    const config = [...own, ...patches].reduce(
      (config: MachineConfig, patch) => applyPatches(config, [parsePatch(patch)]),
      as === "worker" ? made.worker : made.controlPlane,
    );
    const [error] = validate(config, disk ? "metal" : "cloud").errors;
    if (error) return { is: "refused", why: `its config would be wrong: ${error.path}: ${error.why}` };
    return { is: "text", text: config.text };
  } catch (error) {
    if (!(error instanceof InvalidMachineConfig)) throw error;
    const [first] = error.diagnostics;
    return { is: "refused", why: `a patch of its profile: ${first?.path}: ${first?.why}` };
  }
}

/** By what never changes, where the disk has that: the names of devices swap between two boots. */
function diskPatch(disk: InventoryDisk | undefined): readonly object[] {
  if (!disk) return [];
  const [by] = (["wwid", "serial"] as const).filter((one) => disk[one] !== "" && !/[*?]/.test(disk[one]));
  const install = by ? { diskSelector: { [by]: disk[by] } } : { disk: disk.device };
  return [{ machine: { install } }];
}

const hostname = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

function hostnamePatch(name: string | undefined): readonly object[] {
  if (name === undefined || !hostname.test(name)) return [];
  return [{ apiVersion: "v1alpha1", kind: "HostnameConfig", auto: "off", hostname: name }];
}
