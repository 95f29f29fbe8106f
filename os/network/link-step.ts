import type { SpecOf } from "../../cosi/resource.ts";
import type { BondSettings, BridgeSettings, LinkSpec } from "../resources/network/link.ts";
import type { ObservedLink } from "./intent.ts";

/** The next thing to do so that a link becomes what it shall be. The kernel then says what it has become. */
export type LinkStep =
  | { readonly do: "makeBond"; readonly settings: BondSettings }
  | { readonly do: "makeVlan"; readonly parent: number; readonly id: number }
  | { readonly do: "makeBridge"; readonly settings: BridgeSettings }
  | { readonly do: "makeDummy" }
  | { readonly do: "makeVrf"; readonly table: number }
  | { readonly do: "makeWireguard" }
  /** A bond takes only members that are down. */
  | { readonly do: "setDown"; readonly index: number }
  | { readonly do: "join"; readonly index: number; readonly master: number }
  | { readonly do: "leave"; readonly index: number }
  | { readonly do: "setMtu"; readonly index: number; readonly mtu: number }
  | { readonly do: "setMulticast"; readonly index: number; readonly multicast: boolean }
  | { readonly do: "setHardwareAddr"; readonly index: number; readonly hardwareAddr: string }
  | { readonly do: "setUp"; readonly index: number }
  | { readonly do: "wait"; readonly why: string }
  | { readonly do: "done" };

export function nextLinkStep(
  name: string,
  { up, master: masterName, bond, vlan, bridge, dummy, vrf, wireguard, ...wanted }: SpecOf<typeof LinkSpec>,
  links: readonly ObservedLink[],
): LinkStep {
  const named = (name: string) => links.find((link) => link.name === name);
  const link = named(name);
  if (!link) {
    if (bond) return { do: "makeBond", settings: bond };
    if (bridge) return { do: "makeBridge", settings: bridge };
    if (dummy) return { do: "makeDummy" };
    if (vrf) return { do: "makeVrf", table: vrf.table };
    if (wireguard) return { do: "makeWireguard" };
    if (!vlan) return { do: "wait", why: `there is no port ${name}` };
    const parent = named(vlan.parent);
    if (!parent) return { do: "wait", why: `there is no ${vlan.parent} to put it on` };
    return { do: "makeVlan", parent: parent.index, id: vlan.id };
  }
  const { index } = link;
  if (masterName !== undefined) {
    const master = named(masterName);
    if (!master) return { do: "wait", why: `there is no ${masterName} yet to be a member of` };
    if (link.masterIndex !== master.index) {
      if (link.up && master.kind === "bond") return { do: "setDown", index };
      return { do: "join", index, master: master.index };
    }
  } else if (link.masterIndex !== 0) return { do: "leave", index };
  const { mtu = link.mtu, multicast = link.multicast, hardwareAddr = link.hardwareAddr } = wanted;
  if (link.hardwareAddr !== normal(hardwareAddr)) return { do: "setHardwareAddr", index, hardwareAddr };
  if (link.mtu !== mtu) return { do: "setMtu", index, mtu };
  if (link.multicast !== multicast) return { do: "setMulticast", index, multicast };
  if (up && !link.up) return { do: "setUp", index };
  if (!up && link.up) return { do: "setDown", index };
  return { do: "done" };
}

/** As the kernel's are shown. */
const normal = (hardwareAddr: string) => hardwareAddr.toLowerCase().replaceAll("-", ":");
