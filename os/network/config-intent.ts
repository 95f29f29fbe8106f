// The network as the machine config asks for it. Whoever wrote it names ports, or says what they are like: which ports
// those are is decided anew whenever a link comes or goes.
import type { SpecOf } from "../../cosi/resource.ts";
import type { MachineConfig } from "../../machine-config/machine-config.ts";
import { type EthernetSettings, ethernetSettings } from "../../machine-config/settings/ethernet.ts";
import { hostnameSettings } from "../../machine-config/settings/hostname.ts";
import { linkAliasSettings } from "../../machine-config/settings/link-aliases.ts";
import {
  blackholeRoutes,
  type LinkReference,
  type LinkSettings,
  linkSettings,
  type WireguardSettings,
} from "../../machine-config/settings/links.ts";
import { resolverSettings } from "../../machine-config/settings/resolvers.ts";
import { timeSettings } from "../../machine-config/settings/time.ts";
import type { EthernetSpec } from "../resources/network/ethernet.ts";
import { type BondSettings, bondSettings } from "../resources/network/link.ts";
import type { IntendedDhcp6, NetworkIntent, ObservedLink } from "./intent.ts";
import { type LinkAliases, linkAliases } from "./link-aliases.ts";

export interface AskedByConfig {
  readonly intent: NetworkIntent;
  /** Every link that the config speaks of, if only to say that it is to be left alone. */
  readonly spoken: ReadonlySet<string>;
  /** What ports are called besides, by their names. */
  readonly aliases: ReadonlyMap<string, string>;
  /** What cards are told, by their links' names. */
  readonly ethernet: ReadonlyMap<string, SpecOf<typeof EthernetSpec>>;
  /** A sentence for each thing that is asked for and cannot be done. */
  readonly refused: readonly string[];
}

/** The links that there are, and what the config calls them. */
interface Found {
  readonly links: readonly ObservedLink[];
  readonly aliases: LinkAliases["links"];
}

interface Asked {
  readonly links: Record<string, NetworkIntent["links"][string]>;
  readonly wireguard: Record<string, NonNullable<NetworkIntent["wireguard"]>[string]>;
  readonly addresses: NetworkIntent["addresses"][number][];
  readonly routes: NetworkIntent["routes"][number][];
  readonly dhcp: NetworkIntent["dhcp"][number][];
  readonly dhcp6: IntendedDhcp6[];
  readonly spoken: Set<string>;
  readonly refused: string[];
}

export function networkFromConfig(config: MachineConfig, links: readonly ObservedLink[]): AskedByConfig {
  const asked: Asked = {
    links: {},
    wireguard: {},
    addresses: [],
    routes: [],
    dhcp: [],
    dhcp6: [],
    spoken: new Set(),
    refused: [],
  };
  const aliases = linkAliases(linkAliasSettings(config), links);
  asked.refused.push(...aliases.refused);
  const found = { links, aliases: aliases.links };
  for (const settings of linkSettings(config)) {
    for (const name of namesOf(settings.link, found)) askForLink(name, settings, found, asked);
  }
  asked.routes.push(
    ...blackholeRoutes(config).map(({ destination, metric }) => ({
      ...{ linkName: undefined, destination, priority: metric },
    })),
  );
  const { spoken, refused, ...ofLinks } = asked;
  const hostname = hostnameSettings(config);
  const { nameservers, searchDomains, searchesOwnDomain } = resolverSettings(config);
  const { servers } = timeSettings(config);
  const intent = {
    ...ofLinks,
    ...(hostname.source === "static" && { hostname: hostname.hostname }),
    ...((nameservers.length + searchDomains.length > 0 || !searchesOwnDomain) && {
      resolvers: {
        ...{ dnsServers: [...nameservers], searchDomains: [...searchDomains] },
        ...(!searchesOwnDomain && { skipsOwnDomain: true }),
      },
    }),
    ...(servers.length > 0 && { timeServers: servers }),
  };
  const aliasOf = new Map([...aliases.links].flatMap(([alias, name]) => (name ? [[name, alias]] : [])));
  const ethernet = new Map(
    ethernetSettings(config).flatMap(({ link, ...settings }) =>
      namesOf({ by: "name", name: link }, found).map((name) => [name, ethernetSpec(settings)] as const),
    ),
  );
  return { intent, spoken, refused, aliases: aliasOf, ethernet };
}

function askForLink(
  name: string,
  { ignored, make, addresses, routes, dhcp4, dhcp6, ...settings }: LinkSettings,
  found: Found,
  asked: Asked,
): void {
  asked.spoken.add(name);
  if (ignored) return;
  const made = madeOf(name, make, found, asked.refused);
  if (make.is === "wireguard") asked.wireguard[name] = wireguardSpec(make.settings);
  asked.links[name] = { ...asked.links[name], ...told(settings), ...made };
  asked.addresses.push(
    ...addresses.map(({ address, metric }) => ({
      ...{ linkName: name, address },
      ...(metric !== undefined && { priority: metric }),
    })),
  );
  asked.routes.push(
    ...routes.map(({ metric, ...route }) => ({ linkName: name, ...route, priority: metric })),
  );
  if (dhcp4) asked.dhcp.push({ linkName: name, ...dhcp4 });
  if (dhcp6) asked.dhcp6.push({ linkName: name, ...dhcp6 });
  const below = make.is === "vlan" ? [make.parent] : "members" in make ? make.members : [];
  for (const part of below.flatMap((reference) => namesOf(reference, found))) {
    asked.spoken.add(part);
    const usual = asked.links[part] ?? { up: true };
    asked.links[part] = make.is === "vlan" ? usual : { ...usual, master: name };
  }
}

const ethernetSpec = ({ features, rings, channels, wakeOnLan }: Omit<EthernetSettings, "link">) => ({
  ...(Object.keys(rings).length > 0 && { rings }),
  ...(Object.keys(features).length > 0 && { features }),
  ...(Object.keys(channels).length > 0 && { channels }),
  ...(wakeOnLan && { wakeOnLan }),
});

/** What any link may be told, as far as it is. */
const told = ({
  up,
  mtu,
  hardwareAddr,
  multicast,
  master,
}: Pick<LinkSettings, "up" | "mtu" | "hardwareAddr" | "multicast" | "master">) => ({
  up,
  ...(mtu !== undefined && { mtu }),
  ...(hardwareAddr !== undefined && { hardwareAddr }),
  ...(multicast !== undefined && { multicast }),
  ...(master !== undefined && { master }),
});

function madeOf(
  name: string,
  make: LinkSettings["make"],
  found: Found,
  refused: string[],
): Partial<NetworkIntent["links"][string]> {
  switch (make.is) {
    case "found":
      return {};
    case "dummy":
      return { dummy: true };
    case "wireguard":
      return { wireguard: true };
    case "vrf":
      return { vrf: { table: make.table } };
    case "vlan": {
      const [parent] = namesOf(make.parent, found);
      return parent === undefined ? {} : { vlan: { parent, id: make.id } };
    }
    case "bridge":
      return { bridge: { stp: make.stp, vlanFiltering: make.vlanFiltering } };
    case "bond":
      return { bond: bondOf(name, make.settings, refused) };
  }
}

const wireguardSpec = ({ privateKey, listenPort, firewallMark, peers }: WireguardSettings) => ({
  ...{ privateKey, listenPort, firewallMark },
  peers: peers.map(({ publicKey, presharedKey = "", endpoint = "", keepaliveMs, allowedIps }) => ({
    ...{ publicKey, presharedKey, endpoint, allowedIps: [...allowedIps] },
    keepaliveSeconds: Math.round(keepaliveMs / 1000),
  })),
});

/** Fields that the two kinds of document call otherwise than we do. */
const otherNames: Readonly<Record<string, keyof BondSettings>> = {
  resendIGMP: "resendIgmp",
  adLACPActive: "adLacpActive",
  peerNotifyDelay: "peerNotifDelay",
  tlbLogicalLb: "tlbDynamicLb",
};

function bondOf(name: string, settings: Readonly<Record<string, unknown>>, refused: string[]): BondSettings {
  // The kernel looks at carriers, or asks neighbors.
  const miimon = settings["arpInterval"] ? 0 : 100;
  const known: Record<string, unknown> = { mode: "active-backup", miimon };
  for (const [key, value] of Object.entries(settings)) {
    if (value === undefined || value === "" || (key === "miimon" && value === 0)) continue;
    const field = otherNames[key] ?? key;
    if (field in bondSettings.shape) known[field] = value;
    else refused.push(`The bond ${name} is made without ${key}, which is not supported`);
  }
  return bondSettings.parse(known);
}

/** None while nothing fits. */
function namesOf(reference: LinkReference, found: Found): readonly string[] {
  const { links, aliases } = found;
  switch (reference.by) {
    case "name": {
      const { name } = reference;
      if (!aliases.has(name) || links.some((link) => link.name === name)) return [name];
      return [aliases.get(name)].filter((port) => port !== undefined);
    }
    case "vlan":
      return namesOf(reference.parent, found).map((parent) => `${parent}.${reference.id}`);
    case "selector":
      return links.filter((link) => fits(link, reference.selector)).map(({ name }) => name);
  }
}

type Selector = Extract<LinkReference, { by: "selector" }>["selector"];

function fits(link: ObservedLink, { physical, ...patterns }: Selector): boolean {
  if (physical !== undefined && physical !== link.physical) return false;
  const { hardwareAddr, permanentAddr, busPath, driver, pciID } = link;
  const own: Readonly<Record<string, string>> = {
    ...{ hardwareAddr, permanentAddr: permanentAddr || hardwareAddr, busPath, driver, pciID },
  };
  return Object.entries(patterns).every(
    ([field, pattern]) => !pattern || isLike(own[field] ?? "", pattern.toLowerCase()),
  );
}

/** `*` stands for anything, `?` for one character. */
function isLike(text: string, pattern: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "i").test(text);
}
