// What can be done to the kernel's network, in the words of what shall be.
import { isIPv6 } from "node:net";
import type { SpecOf } from "../../cosi/resource.ts";
import { encode } from "../../wire/codec.ts";
import { address, addressMessages, families } from "../kernel/netlink/address.ts";
import { type Link, link, linkFlags, linkMessages } from "../kernel/netlink/link.ts";
import { bondData, bridgeData, vlanData, vrfData } from "../kernel/netlink/link-kinds.ts";
import { route, routeMessages } from "../kernel/netlink/route.ts";
import { NetlinkError, type Rtnetlink } from "../kernel/netlink/rtnetlink.ts";
import type { AddressSpec } from "../resources/network/address.ts";
import type { BondSettings } from "../resources/network/link.ts";
import type { RouteSpec } from "../resources/network/route.ts";
import type { LinkStep } from "./link-step.ts";

export type LinkAction = Exclude<LinkStep, { do: "wait" | "done" }>;

export interface KernelNetwork {
  stepLink(name: string, step: LinkAction): Promise<void>;
  /** "" takes it away. */
  setAlias(name: string, index: number, alias: string): Promise<void>;
  /** A virtual link; hardware cannot be removed. */
  removeLink(name: string): Promise<void>;
  changeAddress(change: "add" | "remove", index: number, address: SpecOf<typeof AddressSpec>): Promise<void>;
  /** `index` is the link's; undefined for a black hole. */
  changeRoute(
    change: "add" | "remove",
    index: number | undefined,
    route: SpecOf<typeof RouteSpec>,
  ): Promise<void>;
}

/** What the kernel calls an address or a route that is not there. */
const absent: ReadonlySet<string> = new Set(["EADDRNOTAVAIL", "ESRCH", "ENODEV"]);

export function kernelNetwork(kernel: Pick<Rtnetlink, "change">): KernelNetwork {
  const change = (what: string, index: number, changes: Partial<Link>) =>
    kernel.change(what, linkMessages.set, link, { ...unchanged, index, ...changes });
  /** A route goes with its address, and both with their link: what is gone already is as it should be. */
  const remove = async (removing: Promise<void>) => {
    try {
      await removing;
    } catch (error) {
      if (!(error instanceof NetlinkError && absent.has(error.code))) throw error;
    }
  };
  const make = async (name: string, kind: string, data: Uint8Array, attributes: Link["attributes"] = {}) => {
    const made = { ...unchanged, attributes: { name, ...attributes, linkInfo: { kind, data } } };
    try {
      await kernel.change(`make ${kind} ${name}`, linkMessages.changed, link, made, ["create", "exclusive"]);
    } catch (error) {
      // Made a moment ago: its status is on its way.
      if (!(error instanceof NetlinkError && error.code === "EEXIST")) throw error;
    }
  };

  return {
    stepLink(name, step) {
      switch (step.do) {
        case "makeBond":
          return make(name, "bond", encode(bondData, bondAttributes(step.settings)));
        case "makeBridge": {
          const { stp, vlanFiltering } = step.settings;
          // Kernels without this feature refuse even to be told that it is off.
          const data = { stp: Number(stp), ...(vlanFiltering && { vlanFiltering: 1 }) };
          return make(name, "bridge", encode(bridgeData, data));
        }
        case "makeDummy":
          return make(name, "dummy", new Uint8Array());
        case "makeVrf":
          return make(name, "vrf", encode(vrfData, { table: step.table }));
        case "makeWireguard":
          return make(name, "wireguard", new Uint8Array());
        case "makeVlan":
          return make(name, "vlan", encode(vlanData, { id: step.id }), { link: step.parent });
        case "setDown":
          return change(`set ${name} down`, step.index, { flags: 0, change: linkFlags.up });
        case "setUp":
          return change(`set ${name} up`, step.index, { flags: linkFlags.up, change: linkFlags.up });
        case "join":
          return change(`make ${name} a member`, step.index, { attributes: { master: step.master } });
        case "leave":
          return change(`make ${name} nobody's member`, step.index, { attributes: { master: 0 } });
        case "setMulticast": {
          const flags = step.multicast ? linkFlags.multicast : 0;
          return change(`set multicast of ${name}`, step.index, { flags, change: linkFlags.multicast });
        }
        case "setHardwareAddr": {
          const bytes = Buffer.from(step.hardwareAddr.replaceAll(/[:-]/g, ""), "hex");
          return change(`set the hardware address of ${name}`, step.index, {
            attributes: { address: bytes },
          });
        }
        case "setMtu":
          return change(`set the MTU of ${name}`, step.index, { attributes: { mtu: step.mtu } });
      }
    },

    setAlias: (name, index, alias) =>
      change(`call ${name} ${alias || "by its name"}`, index, { attributes: { alias: Buffer.from(alias) } }),

    removeLink(name) {
      const removed = { ...unchanged, attributes: { name } };
      return remove(kernel.change(`remove ${name}`, linkMessages.removed, link, removed));
    },

    changeAddress(what, index, { address: text, priority }) {
      const [own = "", length = ""] = text.split("/");
      const changing = kernel.change(
        `${what} ${text}`,
        what === "add" ? addressMessages.added : addressMessages.removed,
        address,
        {
          family: isIPv6(own) ? families.ipv6 : families.ipv4,
          prefixLength: Number(length),
          flags: 0,
          scope: 0,
          index,
          attributes: { local: own, address: own, ...(priority !== undefined && { priority }) },
        },
        what === "add" ? ["create", "replace"] : [],
      );
      return what === "add" ? changing : remove(changing);
    },

    changeRoute(what, index, { family, type, dst, gateway, src, priority, table, mtu }) {
      const [destination = "", length = "0"] = dst.split("/");
      const changing = kernel.change(
        `${what} a route to ${dst || "everywhere"}`,
        what === "add" ? routeMessages.added : routeMessages.removed,
        route,
        {
          family: family === "inet6" ? families.ipv6 : families.ipv4,
          destinationLength: Number(length),
          sourceLength: 0,
          tos: 0,
          table: "main",
          protocol: "static",
          scope: gateway === "" && family === "inet4" && type === "unicast" ? "link" : "universe",
          type,
          flags: 0,
          attributes: {
            ...(destination !== "" && { destination }),
            ...(gateway !== "" && { gateway }),
            ...(index !== undefined && { outInterface: index }),
            priority,
            ...(table !== "main" && { table: Number(table) }),
            ...(mtu !== 0 && { metrics: { mtu } }),
            ...(src !== "" && { preferredSource: src }),
          },
        },
        what === "add" ? ["create", "replace"] : [],
      );
      return what === "add" ? changing : remove(changing);
    },
  };
}

const bondAttributes = ({ useCarrier, ...rest }: BondSettings) => ({
  ...rest,
  ...(useCarrier !== undefined && { useCarrier: Number(useCarrier) }),
});

const unchanged: Link = { family: 0, hardware: 0, index: 0, flags: 0, change: 0, attributes: {} };
