// The encapsulated options that packet.ts leaves raw, because they mean something only beside other options.
import { describe, expect, test } from "vitest";
import { type Codec, decode, encode } from "../codec.ts";
import { domainList } from "./domain-list.ts";
import { pxeOptions } from "./pxe-options.ts";
import { relayOptions } from "./relay-options.ts";

const hex = (digits: string) => Uint8Array.fromHex(digits.replaceAll(/\s/g, ""));

test.each<[what: string, codec: Codec<unknown>, bytes: string, value: unknown]>([
  ["boot this file, ask no boot server", pxeOptions, "060108ff", { discoveryControl: 8 }],
  [
    "a boot menu",
    pxeOptions,
    "080700 00 01 c0000201 09 07 8000 04 626f6f74 0a 05 0a 626f6f74 ff".replaceAll(" ", ""),
    {
      bootServers: [{ type: 0, addresses: ["192.0.2.1"] }],
      bootMenu: [{ type: 0x8000, description: "boot" }],
      menuPrompt: { timeoutS: 10, prompt: "boot" },
    },
  ],
  [
    "the Raspberry Pi's menu",
    pxeOptions,
    "0917 0000 14 526173706265727279205069204 26f6f74202020 ff".replaceAll(" ", ""),
    { bootMenu: [{ type: 0, description: "Raspberry Pi Boot   " }] },
  ],
  [
    "what a relay says",
    relayOptions,
    "0104 00010203 0206 525400123456 0504 0a000001",
    { circuitId: hex("00010203"), remoteId: hex("525400123456"), linkSelection: "10.0.0.1" },
  ],
])("%s is read and written", (_, codec, bytes, value) => {
  expect(decode(codec, hex(bytes))).toEqual(value);
  expect(encode(codec, value).toHex()).toBe(bytes.replaceAll(" ", ""));
});

test("pads and an end may stand between encapsulated options and the end of their option", () => {
  expect(decode(pxeOptions, hex("060108 00 ff 00"))).toEqual({ discoveryControl: 8 });
});

describe("domain names", () => {
  test.each([
    ["a pointer forwards", "c002 0161 00", "a pointer does not point backwards"],
    ["a pointer around in a circle", "0161 c000", "a pointer does not point backwards"],
    ["a label of another kind", "41 61 00", "65 is neither a label's length nor a pointer"],
    ["an empty name", "00", "a name is empty"],
    ["a name without its end", "0161", "needs 1 byte, 0 left"],
    ["white space", "03 612062 00", '"a b" is not a label of a domain name'],
    [
      "a name of 254 characters",
      `${"3f".concat("61".repeat(63)).repeat(4)}00`,
      "a name is longer than 253 characters",
    ],
    ["more names than anyone needs", "016100".repeat(65), "there are more than 64 names"],
    [
      "a chain of pointers",
      `0161 00 ${Array.from({ length: 20 }, (_, n) => `0162c0${(n === 0 ? 0 : n * 4 - 1).toString(16).padStart(2, "0")}`).join("")}`,
      "a name has more than 16 pointers",
    ],
  ])("refuse %s", (_, bytes, reason) => {
    expect(() => decode(domainList, hex(bytes))).toThrow(reason);
  });
});
