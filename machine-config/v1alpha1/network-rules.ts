import { isIP } from "node:net";
import type { Fault } from "../documents/document-kind.ts";
import { isAddressOrCidr, isBase64, isCidr } from "../schema/scalars.ts";
import { bondFaults } from "./bond-rules.ts";
import type { V1Alpha1 } from "./config.ts";

type Network = NonNullable<NonNullable<V1Alpha1["machine"]>["network"]>;
type Device = NonNullable<Network["interfaces"]>[number];
type Wireguard = NonNullable<Device["wireguard"]>;

const at = (index: number) => `machine.network.interfaces.${index}`;

export function* networkFaults(
  network: Network | undefined,
  { controlPlane }: { controlPlane: boolean },
): Iterable<Fault> {
  const devices = network?.interfaces ?? [];
  const owners = new Map<string, string | undefined>();
  for (const [index, device] of devices.entries()) {
    if (!controlPlane && (device.vip || device.vlans?.some(({ vip }) => vip))) {
      yield [`${at(index)}.vip`, "is for control planes only"];
    }
    if (device.bond && device.bridge) yield [at(index), "cannot be a bond and a bridge"];
    for (const port of device.bond?.interfaces ?? device.bridge?.interfaces ?? []) {
      if (owners.has(port) && owners.get(port) !== device.interface) {
        yield [at(index), `${port} is a port of ${owners.get(port)} already`];
      }
      owners.set(port, device.interface);
    }
  }
  for (const [index, device] of devices.entries()) {
    if (device.ignore) continue;
    yield* nameFaults(device, index);
    yield* addressFaults(device, index, { isPort: owners.has(device.interface ?? "") });
    yield* routeFaults(device.routes, at(index));
    if (device.bond) yield* bondFaults(device.bond, `${at(index)}.bond`);
    if (device.wireguard) yield* wireguardFaults(device.wireguard, `${at(index)}.wireguard`);
    yield* vlanFaults(device.vlans, at(index));
  }
}

function* nameFaults({ interface: name, deviceSelector }: Device, index: number): Iterable<Fault> {
  if (!name && !deviceSelector) yield [at(index), "needs interface or deviceSelector"];
  if (name && deviceSelector) yield [at(index), "cannot have both interface and deviceSelector"];
  if (deviceSelector && Object.values(deviceSelector).every((value) => value === "" || value === undefined)) {
    yield [`${at(index)}.deviceSelector`, "selects nothing"];
  }
}

function* addressFaults(device: Device, index: number, { isPort }: { isPort: boolean }): Iterable<Fault> {
  const { cidr, addresses = [], dhcp, vip } = device;
  if (isPort && (dhcp || cidr || addresses.length > 0 || vip)) {
    yield [at(index), "is a port of a bond or a bridge: it can have no addresses"];
  }
  yield* eitherCidrOrAddresses(device, at(index));
  if (vip && isIP(vip.ip ?? "") === 0) yield [`${at(index)}.vip.ip`, "is no IP address"];
}

function* eitherCidrOrAddresses(
  {
    cidr,
    addresses = [],
  }: { readonly cidr?: string | undefined; readonly addresses?: readonly string[] | undefined },
  at: string,
): Iterable<Fault> {
  if (cidr && addresses.length > 0) yield [at, "cannot have both cidr and addresses"];
  if (cidr && !isAddressOrCidr(cidr)) yield [`${at}.cidr`, "is no address"];
  for (const [index, address] of addresses.entries()) {
    if (!isAddressOrCidr(address)) yield [`${at}.addresses.${index}`, "is no address"];
  }
}

function* routeFaults(routes: Device["routes"] = [], at: string): Iterable<Fault> {
  for (const [index, { network, gateway, source }] of routes.entries()) {
    const route = `${at}.routes.${index}`;
    if (!network && !gateway) yield [route, "needs network or gateway"];
    if (network && !isCidr(network)) yield [`${route}.network`, "is no network"];
    if (gateway && isIP(gateway) === 0) yield [`${route}.gateway`, "is no IP address"];
    if (source && isIP(source) === 0) yield [`${route}.source`, "is no IP address"];
  }
}

function* vlanFaults(vlans: Device["vlans"] = [], at: string): Iterable<Fault> {
  for (const [index, vlan] of vlans.entries()) {
    yield* eitherCidrOrAddresses(vlan, `${at}.vlans.${index}`);
    yield* routeFaults(vlan.routes, `${at}.vlans.${index}`);
  }
}

const isKey = (key = "") => isBase64(key) && Buffer.from(key, "base64").length === 32;

function* wireguardFaults({ privateKey, peers = [] }: Wireguard, at: string): Iterable<Fault> {
  const notKey = "is no WireGuard key: 32 bytes in base64";
  if (!isKey(privateKey)) yield [`${at}.privateKey`, notKey];
  for (const [index, { publicKey, endpoint, allowedIPs = [] }] of peers.entries()) {
    const peer = `${at}.peers.${index}`;
    if (!isKey(publicKey)) yield [`${peer}.publicKey`, notKey];
    if (endpoint && !/:\d{1,5}$/.test(endpoint)) yield [`${peer}.endpoint`, "needs a port"];
    for (const [number, network] of allowedIPs.entries()) {
      if (!isCidr(network)) yield [`${peer}.allowedIPs.${number}`, "is no network"];
    }
  }
}
