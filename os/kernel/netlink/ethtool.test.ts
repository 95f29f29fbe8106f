import { expect, test } from "vitest";
import { encode } from "../../../wire/codec.ts";
import { channelsMessage, ethtoolCommands, featuresMessage, present, ringsMessage } from "./ethtool.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex").match(/.{8}/g);
const message = <T>(command: number, attributes: T) => ({ command, version: 1, reserved: 0, attributes });
/** ETHTOOL_A_HEADER of link 7. */
const header = ["0c000180", "08000100", "07000000"];

test("features are bits by their names, each of one type, with a flag where they are on", () => {
  const bits = [{ name: "abc", value: present }, { name: "xyz" }];
  const asked = message(ethtoolCommands.setFeatures, { header: { index: 7 }, wanted: { bits } });
  expect(hex(encode(featuresMessage, asked))).toEqual([
    ...["0c010000", ...header],
    // ETHTOOL_A_FEATURES_WANTED, ETHTOOL_A_BITSET_BITS.
    ...["24000380", "20000380"],
    ...["10000180", "08000200", "61626300", "04000300"],
    ...["0c000180", "08000200", "78797a00"],
  ]);
});

test("rings and channels are told by their numbers, and nothing of the others", () => {
  const rings = message(ethtoolCommands.setRings, { header: { index: 7 }, rx: 1024, txPush: "on" as const });
  expect(hex(encode(ringsMessage, rings))).toEqual([
    ...["10010000", ...header, "08000600", "00040000", "05000d00", "01000000"],
  ]);
  const channels = message(ethtoolCommands.setChannels, { header: { index: 7 }, combined: 4 });
  expect(hex(encode(channelsMessage, channels))).toEqual([
    ...["12010000", ...header, "08000900", "04000000"],
  ]);
});
