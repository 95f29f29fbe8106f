// The BMC's network settings, answered.
import { type Codec, decode, encode } from "../../../wire/codec.ts";
import { WireError } from "../../../wire/error.ts";
import { getLanParameters, lanParameters, setLanParameters } from "../../ipmi/commands/lan.ts";
import { privilegeLevels } from "../../ipmi/commands/session.ts";
import { completions } from "../../ipmi/completion.ts";
import type { SimulatedNetwork } from "../furniture.ts";
import { channelIsLan, defaultSuites } from "./app-handlers.ts";
import { handle, refuse } from "./handler.ts";

const { operator, administrator } = privilegeLevels;

/** A parameter as a view of the chassis's network settings. */
interface View {
  readonly read: (network: SimulatedNetwork, set: number) => Uint8Array;
  readonly write?: (network: SimulatedNetwork, data: Uint8Array) => void;
}

const text = (
  codec: Codec<string>,
  field: "address" | "netmask" | "gateway" | "mac",
  writable: boolean,
): View => ({
  read: (network) => encode(codec, network[field]),
  ...(writable ? { write: (network, data) => (network[field] = decode(codec, data)) } : {}),
});

const ipv6View = (
  codec: (typeof lanParameters.ipv6Fixed)[1],
  kind: "fixed" | "learned",
  type: number,
): View => ({
  read({ ipv6 }, set) {
    const address = ipv6[kind][set];
    return encode(codec, {
      set,
      source: { enabled: address === undefined ? 0 : 1, reserved: 0, type },
      address: address ?? "::",
      prefixLength: 64,
      status: address === undefined ? "disabled" : "active",
    });
  },
});

const views: Readonly<Record<number, View>> = {
  [lanParameters.address[0]]: text(lanParameters.address[1], "address", true),
  [lanParameters.netmask[0]]: text(lanParameters.netmask[1], "netmask", true),
  [lanParameters.gateway[0]]: text(lanParameters.gateway[1], "gateway", true),
  [lanParameters.mac[0]]: text(lanParameters.mac[1], "mac", false),
  [lanParameters.source[0]]: {
    read: ({ source }) => encode(lanParameters.source[1], source),
    write: (network, data) => {
      const source = decode(lanParameters.source[1], data);
      network.source = source === "static" || source === "dhcp" ? source : "other";
    },
  },
  [lanParameters.vlan[0]]: {
    read: ({ vlan }) =>
      encode(lanParameters.vlan[1], { enabled: vlan === undefined ? 0 : 1, reserved: 0, id: vlan ?? 0 }),
  },
  [lanParameters.ipv6Status[0]]: {
    read: () => encode(lanParameters.ipv6Status[1], { fixed: 2, learned: 2, support: 0x03 }),
  },
  [lanParameters.ipv6Fixed[0]]: ipv6View(lanParameters.ipv6Fixed[1], "fixed", 0),
  [lanParameters.ipv6Learned[0]]: ipv6View(lanParameters.ipv6Learned[1], "learned", 1),
};

/** What else `lan print` of real tools asks: authentication types, their enables, header, ARP, backup gateway, suites. */
const constants: Readonly<Record<number, readonly number[]>> = {
  0: [0],
  1: [0x00],
  2: [0, 0, 0, 0, 0],
  7: [0x40, 0x40, 0x10],
  10: [0x02],
  13: [0, 0, 0, 0, 0, 0],
  14: [0, 0, 0, 0],
  15: [0, 0, 0, 0, 0, 0],
  16: [...Buffer.from("public".padEnd(18, "\0"))],
  21: [0],
  24: [0, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44],
};

const revision = 0x11;

export const lanHandlers = [
  handle(getLanParameters, operator, ({ channel, parameter, set }, { chassis }) => {
    if (!channelIsLan(channel.number, chassis.quirks)) return refuse(completions.parameterOutOfRange);
    if (channel.revisionOnly === 1) return { revision, data: new Uint8Array() };
    const suites = chassis.quirks.cipherSuites ?? defaultSuites;
    // Number of suites, and their ids after a reserved byte.
    if (parameter === 22) return { revision, data: Uint8Array.of(suites.length) };
    if (parameter === 23)
      return {
        revision,
        data: Uint8Array.from([0, ...suites, ...Array<number>(16 - suites.length).fill(0)]),
      };
    const view = views[parameter];
    if (view) return { revision, data: view.read(chassis.furniture.network, set) };
    const data = constants[parameter];
    return data ? { revision, data: Uint8Array.from(data) } : refuse(0x80);
  }),
  handle(setLanParameters, administrator, ({ channel, parameter, data }, { chassis }) => {
    if (!channelIsLan(channel & 0xf, chassis.quirks)) return refuse(completions.parameterOutOfRange);
    const view = views[parameter];
    if (parameter === 0) return undefined;
    if (!view) return refuse(0x80);
    if (!view.write) return refuse(0x82);
    try {
      view.write(chassis.furniture.network, data);
    } catch (error) {
      if (error instanceof WireError) return refuse(completions.wrongLength);
      throw error;
    }
    return undefined;
  }),
];
