// The network as the kernel's arguments ask for it: `ip=` (Linux, Documentation/admin-guide/nfs/nfsroot.rst), `bond=`
// and `vlan=` (dracut.cmdline(7)). Whoever wrote them cannot see the console: what cannot be understood is named.
import { isIP, isIPv6 } from "node:net";
import { type BondSettings, bondModes, bondSettings } from "../resources/network/link.ts";
import { type NetworkIntent, nothing, type ObservedLink } from "./intent.ts";

export interface ArgumentList {
  all(name: string): readonly string[];
  last(name: string): string | undefined;
}

export interface AskedByArguments {
  readonly intent: NetworkIntent;
  /** A sentence for each argument that says nothing that can be done. */
  readonly refused: readonly string[];
}

interface Asked {
  links: Record<string, NetworkIntent["links"][string]>;
  addresses: NetworkIntent["addresses"][number][];
  routes: NetworkIntent["routes"][number][];
  dhcp: NetworkIntent["dhcp"][number][];
  dnsServers: string[];
  timeServers: string[];
  hostname: string | undefined;
}

export function networkFromArguments(args: ArgumentList, links: readonly ObservedLink[]): AskedByArguments {
  const refused: string[] = [];
  const asked: Asked = {
    ...{ links: {}, addresses: [], routes: [], dhcp: [], dnsServers: [], timeServers: [] },
    hostname: args.last("talos.hostname") || undefined,
  };
  const readers = { bond: readBond, vlan: readVlan, ip: readIp };
  for (const [name, read] of Object.entries(readers)) {
    for (const value of args.all(name)) {
      const why = read(value, asked, links);
      if (why !== undefined) refused.push(`Cannot follow ${name}=${value}: ${why}`);
    }
  }
  const { dnsServers, timeServers, ...rest } = asked;
  const intent = {
    ...nothing,
    ...rest,
    ...(dnsServers.length > 0 && { resolvers: { dnsServers, searchDomains: [] } }),
    ...(timeServers.length > 0 && { timeServers }),
  };
  return { intent, refused };
}

const dynamic = new Set(["dhcp", "on", "any", "dhcp4"]);
const off = new Set(["off", "none"]);

/** `CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:AUTOCONF:DNS0:DNS1:NTP0`, `DEVICE:AUTOCONF` or `AUTOCONF`. */
function readIp(value: string, asked: Asked, links: readonly ObservedLink[]): string | undefined {
  const parts = fields(value);
  if (parts.length === 1 && off.has(parts[0]!)) return undefined;
  // Which ports there are is known already, and each of them uses DHCP unless something else is said.
  if (parts.length === 1 && dynamic.has(parts[0]!)) return undefined;
  if (parts.length === 2) {
    const [device = "", how = ""] = parts;
    if (!dynamic.has(how)) return `it knows no way "${how}" to configure ${device}`;
    const name = resolveDevice(device, links);
    asked.links[name] ??= { up: true };
    asked.dhcp.push({ linkName: name });
    return undefined;
  }

  const [client = "", , gateway = "", netmask = "", hostname = "", device = "", how = "", ...servers] = parts;
  const [dns0 = "", dns1 = "", ntp0 = ""] = servers;
  const name = device === "" ? firstPort(links) : resolveDevice(device, links);
  if (hostname !== "") asked.hostname = hostname;
  asked.dnsServers.push(...[dns0, dns1].filter((server) => isIP(server) !== 0));
  if (ntp0 !== "") asked.timeServers.push(ntp0);
  // Not a mistake: the port may appear later, and everything is asked again then.
  if (name === undefined) return undefined;
  asked.links[name] ??= { up: true };
  if (client === "") {
    if (!off.has(how)) asked.dhcp.push({ linkName: name });
    return undefined;
  }
  const length = isIP(client) === 0 ? undefined : prefixLength(netmask, client);
  if (isIP(client) === 0) return `${client} is no address`;
  if (length === undefined) return `${netmask} is no netmask`;
  asked.addresses.push({ linkName: name, address: `${client}/${length}` });
  if (gateway !== "") {
    if (isIP(gateway) === 0) return `${gateway} is no address`;
    asked.routes.push({ linkName: name, gateway });
  }
  return undefined;
}

/** `NAME[:MEMBER,…[:OPTION=VALUE,…[:MTU]]]` */
function readBond(value: string, asked: Asked, links: readonly ObservedLink[]): string | undefined {
  const [name = "", members = "eth0,eth1", options = "", mtu = ""] = fields(value || "bond0");
  const parsed = bondOptions(options);
  if (typeof parsed === "string") return parsed;
  if (mtu !== "" && !/^\d+$/.test(mtu)) return `${mtu} is no MTU`;
  asked.links[name] = { up: true, bond: parsed, ...(mtu !== "" && { mtu: Number(mtu) }) };
  for (const member of members.split(",").filter((it) => it !== "")) {
    asked.links[resolveDevice(member, links)] = { up: true, master: name };
  }
  return undefined;
}

/** Options of the kernel's bonding driver that can be given here, and what they are called in a bond's settings. */
const optionNames: Readonly<Record<string, keyof BondSettings>> = {
  miimon: "miimon",
  updelay: "updelay",
  downdelay: "downdelay",
  xmit_hash_policy: "xmitHashPolicy",
  lacp_rate: "lacpRate",
  min_links: "minLinks",
};

function bondOptions(text: string): BondSettings | string {
  const settings: Record<string, unknown> = { mode: "balance-rr", miimon: 100 };
  for (const option of text.split(",").filter((it) => it !== "")) {
    const [key = "", value = ""] = option.split("=");
    const name = optionNames[key];
    if (key === "mode") settings["mode"] = bondModes[Number(value)] ?? value;
    else if (name === undefined) return `it knows no option ${key}`;
    else settings[name] = /^\d+$/.test(value) && key !== "lacp_rate" ? Number(value) : lacpRate(value);
  }
  const read = bondSettings.safeParse(settings);
  return read.success ? read.data : `${read.error.issues[0]?.path.join(".")} is none that there is`;
}

const lacpRate = (value: string) => ({ 0: "slow", 1: "fast" })[value] ?? value;

/** `NAME:PARENT`, where the name holds the number: `eth0.5`, `vlan5`, `vlan0005`. */
function readVlan(value: string, asked: Asked, links: readonly ObservedLink[]): string | undefined {
  const [name = "", parent = ""] = fields(value);
  const id = Number(/(\d+)$/.exec(name)?.[1] ?? Number.NaN);
  if (!(id >= 1 && id <= 4094)) return `${name} does not end in a VLAN's number, 1 to 4094`;
  if (parent === "") return "it names no parent";
  const below = resolveDevice(parent, links);
  asked.links[name] = { up: true, vlan: { parent: below, id } };
  asked.links[below] ??= { up: true };
  return undefined;
}

/** Splits at colons, but not at those inside `[…]`, which hold an IPv6 address. */
const fields = (value: string): string[] =>
  [...value.matchAll(/(?:^|:)(?:\[([^\]]*)\]|([^:]*))/g)].map(
    ([, bracketed, plain]) => bracketed ?? plain ?? "",
  );

/** A port's name; `enx` and its MAC in hexadecimal names the port that has it. */
function resolveDevice(device: string, links: readonly ObservedLink[]): string {
  const digits = /^enx([0-9a-f]{12})$/i.exec(device)?.[1];
  const mac = digits?.toLowerCase().match(/../g)?.join(":");
  const found = links.find(
    ({ hardwareAddr, permanentAddr, physical }) =>
      physical && mac !== undefined && (permanentAddr || hardwareAddr) === mac,
  );
  return found?.name ?? device;
}

const firstPort = (links: readonly ObservedLink[]) =>
  links
    .filter(({ physical, type }) => physical && type === "ether")
    .map(({ name }) => name)
    .sort()[0];

function prefixLength(netmask: string, address: string): number | undefined {
  const whole = isIPv6(address) ? 128 : 32;
  if (netmask === "") return isIPv6(address) ? 64 : 32;
  if (/^\d+$/.test(netmask)) return Number(netmask) <= whole ? Number(netmask) : undefined;
  if (isIP(netmask) !== 4) return undefined;
  const bits = netmask
    .split(".")
    .map((octet) => Number(octet).toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : undefined;
}
