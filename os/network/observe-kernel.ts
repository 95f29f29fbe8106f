// What the kernel has, as resources: links, addresses, routes. The kernel says that something changed; everything is
// then asked for again, because a notice can be lost and the tables are small.
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import type { ResourceType, SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { type Address, address, addressMessages, families } from "../kernel/netlink/address.ts";
import { type Link, link, linkFlags, linkMessages } from "../kernel/netlink/link.ts";
import { type Route, route, routeMessages } from "../kernel/netlink/route.ts";
import { Rtnetlink } from "../kernel/netlink/rtnetlink.ts";
import { AddressStatus } from "../resources/network/address.ts";
import { LinkStatus } from "../resources/network/link.ts";
import { RouteStatus, routeId } from "../resources/network/route.ts";
import { reflect } from "../resources/reflect.ts";

// Linux, include/uapi/linux/rtnetlink.h: RTMGRP_LINK and those of addresses and routes of both families.
const groups = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;
const tentativeFlag = 0x40;
const mainTable = 254;
const ownTable = 255;

export interface KernelObserverOptions {
  readonly state: State;
  /** Where sysfs is. */
  readonly sys: string;
  readonly failed: (error: unknown) => void;
}

export class KernelObserver implements AsyncDisposable {
  readonly #options: KernelObserverOptions;
  readonly #kernel: Rtnetlink;
  #looking: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: KernelObserverOptions) {
    this.#options = options;
    const changed = () => this.#look();
    this.#kernel = new Rtnetlink({ groups, noticed: changed, overrun: changed });
    this.#look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#kernel[Symbol.dispose]();
    await this.#looking;
  }

  #look(): void {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = this.#lookUntilQuiet().finally(() => {
      this.#looking = undefined;
      // Something changed between the last look and its end.
      if (this.#again && !this.#closed) this.#look();
    });
  }

  async #lookUntilQuiet(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#lookOnce();
      } catch (error) {
        if (!this.#closed) this.#options.failed(error);
      }
    } while (this.#again && !this.#closed);
  }

  async #lookOnce(): Promise<void> {
    const { state, sys } = this.#options;
    const links = await this.#kernel.dump("list links", linkMessages.get, link, anyLink);
    const addresses = await this.#kernel.dump("list addresses", addressMessages.get, address, anyAddress);
    const routes = await this.#kernel.dump("list routes", routeMessages.get, route, anyRoute);

    const names = new Map(links.map(({ index, attributes }) => [index, attributes.name ?? ""]));
    const linkStatuses = links.map((it) => [it.attributes.name ?? "", linkStatus(it, sys)] as const);
    const addressStatuses = addresses.flatMap((it) => addressStatus(it, names.get(it.index)));
    const routeStatuses = routes.flatMap((it) => routeStatus(it, names.get(it.attributes.outInterface ?? 0)));
    await reflect(state, LinkStatus, new Map(linkStatuses));
    await reflect(state, AddressStatus, new Map(addressStatuses));
    await reflect(state, RouteStatus, new Map(routeStatuses));
  }
}

const anyLink: Link = { family: 0, hardware: 0, index: 0, flags: 0, change: 0, attributes: {} };
const anyAddress: Address = { family: 0, prefixLength: 0, flags: 0, scope: 0, index: 0, attributes: {} };
const anyRoute: Route = {
  ...{ family: 0, destinationLength: 0, sourceLength: 0, tos: 0, flags: 0, attributes: {} },
  ...{ table: 0, protocol: 0, scope: "universe", type: 0 },
};

type StatusOf<Type extends ResourceType> = SpecOf<Type>;

// Linux, include/uapi/linux/if_arp.h, for what servers have.
const hardwareTypes = new Map([
  [1, "ether"],
  [32, "infiniband"],
  [512, "ppp"],
  [768, "ipip"],
  [769, "tunnel6"],
  [772, "loopback"],
  [776, "sit"],
  [778, "gre"],
  [823, "ip6gre"],
  [65534, "nohdr"],
]);

function linkStatus({ hardware, index, flags, attributes }: Link, sys: string): StatusOf<typeof LinkStatus> {
  const { name = "", mtu = 0, linkInfo = {}, operationalState = "unknown" } = attributes;
  const folder = `${sys}/class/net/${name}`;
  const physical = existsSync(`${folder}/device`);
  const isOn = (bit: number) => (flags & bit) !== 0;
  // The kernel answers EINVAL for a link that is down, and -1 for one that knows no speed.
  const speed = Number(fileText(`${folder}/speed`) || 0);
  return {
    index,
    type: hardwareTypes.get(hardware) ?? `type ${hardware}`,
    kind: linkInfo.kind ?? "",
    slaveKind: linkInfo.slaveKind ?? "",
    linkIndex: attributes.link ?? 0,
    masterIndex: attributes.master ?? 0,
    hardwareAddr: mac(attributes.address),
    permanentAddr: mac(attributes.permanentAddress),
    ...(attributes.alias?.length && { alias: Buffer.from(attributes.alias).toString().replace(/\0$/, "") }),
    mtu,
    operationalState: String(operationalState),
    multicast: isOn(linkFlags.multicast),
    up: isOn(linkFlags.up),
    linkState: isOn(linkFlags.lowerUp),
    physical,
    driver: physical ? linkName(`${folder}/device/driver`) : "",
    busPath: physical ? linkName(`${folder}/device`) : "",
    pciID: physical ? pciId(`${folder}/device`) : "",
    speedMbit: speed > 0 && speed < 0xffffffff ? speed : 0,
    duplex: capitalized(fileText(`${folder}/duplex`)),
  };
}

const scopes = new Map([
  [0, "global"],
  [200, "site"],
  [253, "link"],
  [254, "host"],
] as const);

function addressStatus(
  { family, prefixLength, flags, scope, index, attributes }: Address,
  linkName: string | undefined,
): readonly (readonly [string, StatusOf<typeof AddressStatus>])[] {
  const own = attributes.local ?? attributes.address;
  if (linkName === undefined || own === undefined) return [];
  const text = `${own}/${prefixLength}`;
  const status = {
    address: text,
    linkName,
    linkIndex: index,
    family: family === families.ipv6 ? "inet6" : "inet4",
    scope: scopes.get(scope as 0) ?? "global",
    tentative: (flags & tentativeFlag) !== 0,
    priority: attributes.priority ?? 0,
  } as const;
  return [[`${linkName}/${text}`, status]];
}

function routeStatus(
  { family, destinationLength, table, protocol, scope, type, attributes }: Route,
  linkName: string | undefined,
): readonly (readonly [string, StatusOf<typeof RouteStatus>])[] {
  // What the kernel keeps for itself (broadcast, multicast, its own addresses) is in its own table or of other types.
  const { table: number = table } = attributes;
  const isRoute = type === "blackhole" || (type === "unicast" && linkName !== undefined);
  if (!isRoute || number === ownTable) return [];
  const { destination, gateway = "", priority = 0, preferredSource = "", metrics } = attributes;
  const status = {
    family: family === families.ipv6 ? "inet6" : "inet4",
    dst: destination === undefined ? "" : `${destination}/${destinationLength}`,
    gateway,
    src: preferredSource,
    type,
    // IPv6 has them end at the loopback.
    outLinkName: type === "blackhole" ? "" : linkName!,
    priority,
    table: number === mainTable ? "main" : String(number),
    mtu: metrics?.mtu ?? 0,
    protocol: protocol === "routerAdvertisement" ? "ra" : String(protocol),
    scope: scope === "universe" ? "global" : String(scope),
  } as const;
  return [[routeId(status), status]];
}

const capitalized = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);

const mac = (bytes: Uint8Array = new Uint8Array()) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");

/** Devices go while they are read, and some refuse to say: that is no knowledge, and no failure. */
function fileText(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}

function pciId(device: string): string {
  const [vendor, product] = ["vendor", "device"].map((file) =>
    fileText(`${device}/${file}`).replace(/^0x/, ""),
  );
  return vendor && product ? `${vendor}:${product}`.toUpperCase() : "";
}

function linkName(file: string): string {
  try {
    return basename(readlinkSync(file));
  } catch {
    return "";
  }
}
