// What of a profile reaches a machine: its config, its kernel arguments, its address, with the facts of that machine in
// them.
import type { ResourceOf } from "../../cosi/resource.ts";
import { bootMode } from "../decisions/boot-mode.ts";
import { gatherFacts, type Records } from "../decisions/facts.ts";
import { installDisk } from "../decisions/install-disk.ts";
import type { Machine } from "../resources/machine.ts";
import type { Profile } from "../resources/profile.ts";
import { type Becoming, parseTemplate, renderTemplate, type TemplateFacts } from "./config-template.ts";

/** Addresses that are for this boot of this machine; nobody else knows them. */
export interface OwnAddresses {
  /** Where its config is; none within the config itself. */
  readonly config?: string;
  /** Where it calls when it is installed. */
  readonly phoneHome: string;
}

export interface Wanted {
  readonly records: Records & { readonly machine: ResourceOf<typeof Machine> };
  readonly profile: Pick<ResourceOf<typeof Profile>, "spec">;
  readonly addresses: OwnAddresses;
}

export type Rendered =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "refused"; readonly why: string };

/** The config that a machine is handed now, or why none: only what it was made for, and only while it installs. */
export function servedConfig(wanted: Wanted): Rendered {
  const { records, profile } = wanted;
  const boots = bootMode(gatherFacts(records));
  if (boots.is !== "install") return refused(`it is not to be installed: ${boots.why}`);
  const { config } = profile.spec;
  if (!config) return refused("its profile has no config");
  return render(config.template, wanted);
}

/** A text of a profile for a machine. */
export function render(text: string, wanted: Wanted, becoming: Becoming = "config"): Rendered {
  const { records, profile } = wanted;
  const disks = records.inventory?.spec.disks ?? [];
  const chosen = installDisk(disks, profile.spec.installDisk);
  if (!chosen.disk && disks.length > 0) {
    const [first] = chosen.skipped;
    return refused(first ? `${chosen.why}: ${first.disk} ${first.why}` : chosen.why);
  }
  const template = parseTemplate(text);
  const result =
    template.is === "template"
      ? renderTemplate(template, templateFacts(wanted, chosen.disk?.device), becoming)
      : template;
  if (result.is === "rendered") return { is: "text", text: result.text };
  const { line, column, why } = result.problems[0]!;
  return refused(`a template of its profile, line ${line}, column ${column}: ${why}`);
}

const refused = (why: string): Rendered => ({ is: "refused", why });

/** All that templates may say. Adding a fact is adding a row. */
function templateFacts({ records, addresses }: Wanted, disk: string | undefined): TemplateFacts {
  const { machine, inventory } = records;
  const { identity, name } = machine.spec;
  const { id, labels } = machine.metadata;
  const system = inventory?.spec.system;
  const [nic] = inventory?.spec.networkInterfaces.filter(({ carrier }) => carrier) ?? [];
  return {
    "machine.id": id,
    "machine.name": name ?? id,
    "machine.uuid": identity.uuid,
    "machine.serial": identity.serial,
    "machine.mac": nic?.mac ?? identity.macs[0],
    "machine.interface": nic?.name,
    "machine.manufacturer": system?.manufacturer || undefined,
    "machine.product": system?.product || undefined,
    /** Of this boot: names swap, and the config is for this boot. */
    "machine.installDisk": disk,
    "provisioner.config": addresses.config,
    "provisioner.phoneHome": addresses.phoneHome,
    ...Object.fromEntries(Object.entries(labels).map(([label, value]) => [`machine.labels.${label}`, value])),
  };
}
