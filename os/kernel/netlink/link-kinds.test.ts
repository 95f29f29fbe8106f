import { expect, test } from "vitest";
import { decode, encode } from "../../../wire/codec.ts";
import { bondData, vrfData } from "./link-kinds.ts";

test("a VRF is told its table", () => {
  expect(Buffer.from(encode(vrfData, { table: 0x1234 })).toString("hex")).toBe("0800010034120000");
});

test("the targets of a bond's questions are counted from 0, each padded", () => {
  const value = { arpIpTargets: ["192.0.2.1", "192.0.2.2"], adUserPortKey: 3 };
  const bytes = encode(bondData, value);
  // struct nlattr: size, type; include/uapi/linux/if_link.h.
  expect(Buffer.from(bytes).toString("hex").match(/.{8}/g)).toEqual([
    ...["14000800", "08000000", "c0000201", "08000100", "c0000202"],
    ...["06001900", "03000000"],
  ]);
  expect(decode(bondData, bytes)).toEqual(value);
});
