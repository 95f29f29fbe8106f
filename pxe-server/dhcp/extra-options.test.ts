import { expect, test } from "vitest";
import { extraOptions } from "./extra-options.ts";

test.each([
  ["by name", { tftpServerAddresses: ["192.0.2.1"] }, { tftpServerAddresses: ["192.0.2.1"] }],
  ["as bytes", { vendorSpecific: "01:04:c0000201" }, { vendorSpecific: Uint8Array.of(1, 4, 192, 0, 2, 1) }],
  ["by number", { "224": "0a0b" }, { unknown: [{ code: 224, value: Uint8Array.of(10, 11) }] }],
  ["with parts", { ipxe: { keepSan: 1 } }, { ipxe: { keepSan: 1 } }],
])("options are given %s", (_, given, options) => {
  expect(extraOptions.parse(given)).toEqual(options);
});

test.each([
  [{ tftpServerAdress: ["192.0.2.1"] }, "no option has this name"],
  [{ messageType: "nak" }, "the server decides this by itself"],
  [{ vendorSpecific: "0x1" }, "its value is bytes, in hexadecimal"],
  [{ interfaceMtu: "many" }, "interfaceMtu"],
  [{ interfaceMtu: 70_000 }, "interfaceMtu"],
  [{ ntpServers: "192.0.2.1" }, "ntpServers"],
  [{ "43": "00" }, "option 43 has a name: vendorSpecific"],
  [{ "255": "00" }, "options are numbered from 1 to 254"],
])("%j is refused", (given, why) => {
  const { success, error } = extraOptions.safeParse(given);
  expect(success).toBe(false);
  expect(JSON.stringify(error?.issues)).toContain(why);
});
