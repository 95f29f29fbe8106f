// What the documents of links and the v1alpha1 document's interfaces come to, in one shape.
import type * as z from "zod";
import { blackholeRouteConfig } from "../documents/blackhole-route-config.ts";
import { bondConfig } from "../documents/bond-config.ts";
import { bridgeConfig } from "../documents/bridge-config.ts";
import { dhcpv4Config } from "../documents/dhcpv4-config.ts";
import { dhcpv6Config } from "../documents/dhcpv6-config.ts";
import { dummyLinkConfig } from "../documents/dummy-link-config.ts";
import { linkConfig } from "../documents/link-config.ts";
import { vlanConfig } from "../documents/vlan-config.ts";
import { vrfConfig } from "../documents/vrf-config.ts";
import { wireguardConfig } from "../documents/wireguard-config.ts";
import type { MachineConfig, SpecOf } from "../machine-config.ts";
import { durationMs } from "../schema/duration.ts";
import type { networkDevice } from "../v1alpha1/network.ts";

type Device = z.output<typeof networkDevice>;
type Selector = NonNullable<Device["deviceSelector"]>;

/** Which link is meant. */
export type LinkReference =
  | { readonly by: "name"; readonly name: string }
  | { readonly by: "selector"; readonly selector: Selector }
  /** The VLAN of that number on a link; it is called after both. */
  | { readonly by: "vlan"; readonly parent: LinkReference; readonly id: number };

/** What a link is made of. */
export type LinkMake =
  /** It is there, or comes with its card. */
  | { readonly is: "found" }
  | { readonly is: "dummy" }
  | { readonly is: "wireguard"; readonly settings: WireguardSettings }
  | { readonly is: "vlan"; readonly parent: LinkReference; readonly id: number }
  | {
      readonly is: "bond";
      readonly members: readonly LinkReference[];
      /** By the names of the document; those that are not set are left out. */
      readonly settings: Readonly<Record<string, unknown>>;
    }
  | { readonly is: "vrf"; readonly members: readonly LinkReference[]; readonly table: number }
  | {
      readonly is: "bridge";
      readonly members: readonly LinkReference[];
      readonly stp: boolean;
      readonly vlanFiltering: boolean;
    };

/** Keys are in base64. */
export interface WireguardSettings {
  readonly privateKey: string;
  /** 0: any. */
  readonly listenPort: number;
  readonly firewallMark: number;
  readonly peers: readonly {
    readonly publicKey: string;
    readonly presharedKey: string | undefined;
    /** Undefined: wherever it was last heard from. */
    readonly endpoint: string | undefined;
    readonly keepaliveMs: number;
    readonly allowedIps: readonly string[];
  }[];
}

export interface AddressSettings {
  /** With its prefix length. */
  readonly address: string;
  /** Of the route to its network; undefined: the usual one. */
  readonly metric: number | undefined;
}

export interface RouteSettings {
  /** Undefined: everywhere. */
  readonly destination: string | undefined;
  readonly gateway: string | undefined;
  readonly source: string | undefined;
  readonly metric: number;
  /** Undefined: the link's. */
  readonly mtu: number | undefined;
  /** `main`, or a number. */
  readonly table: string;
}

export interface LinkSettings {
  readonly link: LinkReference;
  /** It is left as it is, whatever others want of it. */
  readonly ignored: boolean;
  readonly make: LinkMake;
  readonly up: boolean;
  readonly mtu: number | undefined;
  readonly hardwareAddr: string | undefined;
  readonly multicast: boolean | undefined;
  /** The bridge that it is a port of, where it is the port that says so. */
  readonly master: string | undefined;
  readonly addresses: readonly AddressSettings[];
  readonly routes: readonly RouteSettings[];
  /** Undefined: no DHCP. */
  readonly dhcp4: { readonly metric: number; readonly ignoresHostname: boolean } | undefined;
  /** Undefined: none. The client's identifier is in hexadecimal, or made of the MAC. */
  readonly dhcp6: { readonly duid: string | undefined } | undefined;
}

const defaultMetric = 1024;

/** Every link that the config speaks of. Nobody's usual ways touch them. */
export function linkSettings(config: MachineConfig): readonly LinkSettings[] {
  const devices = config.v1alpha1?.machine?.network?.interfaces ?? [];
  const documents = documentLinks(config);
  const spoken = new Set(documents.flatMap(({ link }) => (link.by === "name" ? [link.name] : [])));
  // DHCP for a link that no other document speaks of.
  const alone = config
    .all(dhcpv4Config)
    .concat(config.all(dhcpv6Config))
    .filter(({ name }, at, all) => all.findIndex((other) => other.name === name) === at)
    .flatMap(({ name = "" }) => (spoken.has(name) ? [] : [common(config, { name }, { is: "found" })]));
  return [...devices.flatMap(deviceLinks), ...documents, ...alone];
}

const named = (name: string): LinkReference => ({ by: "name", name });

function documentLinks(config: MachineConfig): LinkSettings[] {
  return [
    ...config.all(linkConfig).map((it) => common(config, it, { is: "found" })),
    ...config.all(dummyLinkConfig).map((it) => common(config, it, { is: "dummy" })),
    ...config.all(wireguardConfig).map((it) => common(config, it, wireguardOf(it))),
    ...config.all(vlanConfig).map((it) => {
      const { parent = "", vlanID: id = 0 } = it;
      return common(config, it, { is: "vlan", parent: named(parent), id });
    }),
    ...config.all(bridgeConfig).map((it) => {
      const { links = [], stp, vlan } = it;
      return common(config, it, {
        ...{ is: "bridge", members: links.map(named) },
        ...{ stp: stp?.enabled ?? false, vlanFiltering: vlan?.filtering ?? false },
      });
    }),
    ...config.all(vrfConfig).map((it) => {
      const { links = [], table = "" } = it;
      return common(config, it, { is: "vrf", members: links.map(named), table: Number(table) });
    }),
    ...config.all(bondConfig).map((it) => {
      const { apiVersion: _a, kind: _k, name: _n, links = [], bondMode, ...rest } = it;
      const { up: _u, mtu: _m, addresses: _ad, routes: _r, ...others } = rest;
      const { multicast: _mc, hardwareAddr: _h, ...settings } = others;
      const members = links.map(named);
      return common(config, it, { is: "bond", members, settings: { mode: bondMode, ...settings } });
    }),
  ];
}

/** Networks that nothing is to be sent to. */
export const blackholeRoutes = (config: MachineConfig) =>
  config
    .all(blackholeRouteConfig)
    .map(({ name = "", metric }) => ({ destination: name, metric: metric || defaultMetric }));

type CommonDocument = Partial<SpecOf<typeof linkConfig>> & { readonly hardwareAddr?: string | undefined };

function common(config: MachineConfig, document: CommonDocument, make: LinkMake): LinkSettings {
  const { name = "", up = true, mtu, hardwareAddr, multicast, addresses = [], routes = [] } = document;
  const dhcp = config.get(dhcpv4Config, name);
  const dhcp6 = config.get(dhcpv6Config, name);
  return {
    ...{ link: named(name), ignored: false, make, up, mtu: mtu || undefined, multicast },
    ...{ hardwareAddr: hardwareAddr || undefined, master: undefined },
    addresses: addresses.flatMap(({ address, routePriority: metric }) =>
      address ? [{ address, metric }] : [],
    ),
    routes: routes.map(({ destination, table = "main", ...route }) =>
      routeOf(destination, { ...route, table }),
    ),
    dhcp4: dhcp && {
      metric: dhcp.routeMetric || defaultMetric,
      ignoresHostname: dhcp.ignoreHostname ?? false,
    },
    dhcp6: dhcp6 && { duid: hexOf(dhcp6.duidRaw) },
  };
}

function deviceLinks(device: Device): LinkSettings[] {
  const { interface: name = "", deviceSelector: selector, vlans = [], ignore = false } = device;
  const link: LinkReference = selector ? { by: "selector", selector } : named(name);
  return [
    {
      ...{ ...ofDevice(device), link, ignored: ignore, make: makeOf(device) },
      master: device.bridgePort?.master || undefined,
    },
    ...vlans.map((vlan): LinkSettings => {
      const { vlanId: id = 0 } = vlan;
      const reference = { by: "vlan", parent: link, id } as const;
      return { ...ofDevice(vlan), link: reference, ignored: false, make: { is: "vlan", parent: link, id } };
    }),
  ];
}

type WrittenWireguard = Omit<NonNullable<Device["wireguard"]>, "peers"> & {
  readonly peers?: SpecOf<typeof wireguardConfig>["peers"];
};

const wireguardOf = ({
  privateKey = "",
  listenPort = 0,
  firewallMark = 0,
  peers = [],
}: WrittenWireguard) => ({
  is: "wireguard" as const,
  settings: {
    ...{ privateKey, listenPort, firewallMark },
    peers: peers.map(
      ({ publicKey = "", presharedKey, endpoint, persistentKeepaliveInterval, allowedIPs = [] }) => ({
        ...{ publicKey, presharedKey: presharedKey || undefined, endpoint: endpoint || undefined },
        ...{ keepaliveMs: durationMs(persistentKeepaliveInterval ?? "0"), allowedIps: allowedIPs },
      }),
    ),
  },
});

function makeOf({ bond, bridge, dummy, wireguard }: Device): LinkMake {
  if (wireguard) return wireguardOf(wireguard);
  if (dummy) return { is: "dummy" };
  if (bridge) {
    const { interfaces = [], stp, vlan } = bridge;
    const members = interfaces.map(named);
    return {
      ...{ is: "bridge", members },
      ...{ stp: stp?.enabled ?? false, vlanFiltering: vlan?.vlanFiltering ?? false },
    };
  }
  if (!bond) return { is: "found" };
  const { interfaces = [], deviceSelectors = [], ...settings } = bond;
  const selected = deviceSelectors.map((selector) => ({ by: "selector", selector }) as const);
  return { is: "bond", members: [...interfaces.map(named), ...selected], settings };
}

type DeviceCommon = Pick<Device, "addresses" | "cidr" | "routes" | "mtu" | "dhcp" | "dhcpOptions">;

function ofDevice({ addresses = [], cidr, routes = [], mtu, dhcp, dhcpOptions }: DeviceCommon) {
  const wantsDhcp = dhcp === true && dhcpOptions?.ipv4 !== false;
  return {
    ...{ up: true, mtu: mtu || undefined, hardwareAddr: undefined, multicast: undefined, master: undefined },
    addresses: [...addresses, ...(cidr ? [cidr] : [])].map((address) => ({
      ...{ address: withLength(address), metric: undefined },
    })),
    routes: routes.map(({ network, ...route }) => routeOf(network, { ...route, table: "main" })),
    dhcp4: wantsDhcp
      ? { metric: dhcpOptions?.routeMetric || defaultMetric, ignoresHostname: false }
      : undefined,
    dhcp6: dhcp === true && dhcpOptions?.ipv6 === true ? { duid: hexOf(dhcpOptions.duidv6) } : undefined,
  };
}

interface WrittenRoute {
  readonly gateway?: string | undefined;
  readonly source?: string | undefined;
  readonly metric?: number | undefined;
  readonly mtu?: number | undefined;
  readonly table: string;
}

const routeOf = (
  destination: string | undefined,
  { gateway, source, metric, mtu, table }: WrittenRoute,
): RouteSettings => ({
  ...{ destination: somewhere(destination), gateway: gateway || undefined, source: source || undefined },
  ...{ metric: metric || defaultMetric, mtu: mtu || undefined, table: tableNames[table] ?? table },
});

/** rt_tables(5). Who names none means the main one. */
const tableNames: Readonly<Record<string, string>> = {
  ...{ unspec: "main", "0": "main", "254": "main", default: "253", local: "255" },
};

const hexOf = (bytes: string | undefined) =>
  bytes?.replaceAll(/[^0-9a-fA-F]/g, "").toLowerCase() || undefined;

const somewhere = (network: string | undefined) =>
  network === "0.0.0.0/0" || network === "::/0" ? undefined : network || undefined;

/** An address alone is a network of itself. */
function withLength(address: string): string {
  if (address.includes("/")) return address;
  return `${address}/${address.includes(":") ? 128 : 32}`;
}
