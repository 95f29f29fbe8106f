// What an Ethernet card can be told (Linux, Documentation/networking/ethtool-netlink.rst; include/uapi/linux/ethtool_netlink.h).
import { rest } from "../../../wire/bytes.ts";
import { u8, u32le } from "../../../wire/integers.ts";
import { oneOf } from "../../../wire/one-of.ts";
import { cstring } from "../../../wire/text.ts";
import { attributeList, attributes, nested } from "./attributes.ts";
import { genericMessage } from "./generic.ts";

export const ethtoolFamily = "ethtool";
export const ethtoolCommands = { setWakeOnLan: 10, setFeatures: 12, setRings: 16, setChannels: 18 } as const;
/** Of what has become different nothing is told. */
export const omitReply = 2;

const header = nested(attributes({ index: [1, u32le], flags: [3, u32le] }));
/** That it is there says all. */
const flag = rest;
export const present = new Uint8Array();
const bit = nested(attributes({ name: [2, cstring], value: [3, flag] }));
/** With `only`, those that are not named are cleared; without, they stay as they are. */
const bitset = nested(attributes({ only: [1, flag], bits: [3, nested(attributeList(bit, { code: 1 }))] }));
const onOrOff = oneOf(u8, { off: 0, on: 1 });

export const featuresMessage = genericMessage(attributes({ header: [1, header], wanted: [3, bitset] }));

export const wakeOnLanMessage = genericMessage(attributes({ header: [1, header], modes: [2, bitset] }));

export const ringsMessage = genericMessage(
  attributes({
    header: [1, header],
    rx: [6, u32le],
    rxMini: [7, u32le],
    rxJumbo: [8, u32le],
    tx: [9, u32le],
    rxBufLen: [10, u32le],
    tcpDataSplit: [11, oneOf(u8, { unknown: 0, off: 1, on: 2 })],
    cqeSize: [12, u32le],
    txPush: [13, onOrOff],
    rxPush: [14, onOrOff],
    txPushBufLen: [15, u32le],
  }),
);

export const channelsMessage = genericMessage(
  attributes({
    header: [1, header],
    rx: [6, u32le],
    tx: [7, u32le],
    other: [8, u32le],
    combined: [9, u32le],
  }),
);
