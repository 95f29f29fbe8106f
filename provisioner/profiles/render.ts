// What of a profile reaches a machine: its config, its kernel arguments, its address, with the facts of that machine in
// them.
import { isIPv4 } from "node:net";
import type { Clock } from "../../cosi/clock.ts";
import type { ResourceOf, SpecOf } from "../../cosi/resource.ts";
import type { SecretsBundle } from "../../machine-config/generate/secrets.ts";
import { bootMode } from "../decisions/boot-mode.ts";
import { gatherFacts, type Records } from "../decisions/facts.ts";
import { installDisk } from "../decisions/install-disk.ts";
import type { Machine } from "../resources/machine.ts";
import type { Profile as ProfileType } from "../resources/profile.ts";
import { type Becoming, parseTemplate, renderTemplate, type TemplateFacts } from "./config-template.ts";
import { memberConfig } from "./member-config.ts";

type Profile = SpecOf<typeof ProfileType>;

/** Addresses that are for this boot of this machine; nobody else knows them. */
export interface OwnAddresses {
  /** Where its config is; none within the config itself. */
  readonly config?: string;
  /** Where it calls when it is installed. */
  readonly phoneHome: string;
  /** Of whoever serves them, `sha256:` and its fingerprint; unset where any system trusts it. */
  readonly authority?: string;
  /** Where the image is that it installs; none within the config itself. */
  readonly image?: string;
}

export interface Wanted {
  readonly records: Records & { readonly machine: ResourceOf<typeof Machine> };
  readonly profile: { readonly spec: Profile };
  readonly addresses: OwnAddresses;
}

export type Rendered =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "refused"; readonly why: string };

/** `over`: the machine was booted to be installed, and shall not be any more: it has to boot once more. */
type Served = Rendered | { readonly is: "over"; readonly why: string };

export interface Secrets {
  readonly clock: Pick<Clock, "now">;
  /** Of a cluster; undefined while they are being made. */
  readonly secretsOf: (cluster: string) => Promise<SecretsBundle | undefined>;
}

/** The config that a machine is handed now, or why none: only what it was made for, and only while it installs. */
export async function servedConfig(wanted: Wanted, secrets: Secrets): Promise<Served> {
  const { records, profile } = wanted;
  const boots = bootMode(gatherFacts(records));
  if (boots.is !== "install") {
    const why = `it is not to be installed: ${boots.why}`;
    return boots.is === "agent" || boots.is === "disk" ? { is: "over", why } : refused(why);
  }
  const { config, memberOf } = profile.spec;
  if (memberOf) return renderMember(memberOf, wanted, secrets);
  if (!config) return refused("its profile has no config");
  return render(config.template, wanted);
}

async function renderMember(
  { cluster, as, endpoint, patches = [] }: NonNullable<Profile["memberOf"]>,
  wanted: Wanted,
  { clock, secretsOf }: Secrets,
): Promise<Rendered> {
  const { records, profile } = wanted;
  const texts: string[] = [];
  for (const text of [endpoint ?? ownEndpoint, ...patches]) {
    const rendered = render(text, wanted);
    if (rendered.is === "refused") return rendered;
    texts.push(rendered.text);
  }
  const [reached, ...patched] = texts;
  if (!URL.canParse(reached!)) return refused(`its control plane cannot be at ${reached}`);
  const secrets = await secretsOf(cluster);
  if (!secrets) return refused(`the secrets of its cluster ${cluster} are still being made`);
  const { disk } = installDisk(records.inventory?.spec.disks ?? [], profile.spec.installDisk);
  const { name } = records.machine.spec;
  return memberConfig({ cluster, as, endpoint: reached!, secrets, disk, name, patches: patched }, clock);
}

const ownEndpoint = "https://{{ machine.address }}:6443";

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
    /** As it was while its agent ran. */
    "machine.address": nic?.addresses.map((address) => address.split("/")[0]!).find((one) => isIPv4(one)),
    "machine.manufacturer": system?.manufacturer || undefined,
    "machine.product": system?.product || undefined,
    /** Of this boot: names swap, and the config is for this boot. */
    "machine.installDisk": disk,
    "provisioner.config": addresses.config,
    "provisioner.image": addresses.image,
    "provisioner.authority": addresses.authority,
    "provisioner.phoneHome": addresses.phoneHome,
    ...Object.fromEntries(Object.entries(labels).map(([label, value]) => [`machine.labels.${label}`, value])),
  };
}
