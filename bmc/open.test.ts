import { expect, test } from "vitest";
import type { Bmc } from "./bmc.ts";
import { IpmiError } from "./ipmi/error.ts";
import { openBmc, preference } from "./open.ts";
import { RedfishError } from "./redfish/error.ts";

const opened = (protocol: Bmc["protocol"]) => async () => ({ protocol }) as Bmc;
const fails = (failure: Error) => async () => {
  throw failure;
};
const silent = fails(new Error("Cannot connect: refused"));
const impostor = fails(new RedfishError({ kind: "untrusted", message: "another certificate" }));
const wrongPassword = fails(new IpmiError({ kind: "credentials", message: "wrong password" }));

test.each([
  ["the first that answers", preference, { redfish: opened("redfish"), ipmi: opened("ipmi") }, "redfish"],
  ["the next when it does not", preference, { redfish: silent, ipmi: opened("ipmi") }, "ipmi"],
  [
    "the configured one alone",
    ["ipmi"] as const,
    { redfish: opened("redfish"), ipmi: opened("ipmi") },
    "ipmi",
  ],
])("opens %s", async (_, protocols, drivers, protocol) => {
  expect((await openBmc({ protocols, drivers })).protocol).toBe(protocol);
});

test("asks anew at every opening, and tells why it failed over", async () => {
  let isThere = false;
  const redfish = () => (isThere ? opened("redfish")() : silent());
  const told: string[] = [];
  const open = () =>
    openBmc({
      protocols: preference,
      drivers: { redfish, ipmi: opened("ipmi") },
      onFailOver: (from, why) => told.push(`${from}: ${why}`),
    });
  expect((await open()).protocol).toBe("ipmi");
  isThere = true;
  expect((await open()).protocol).toBe("redfish");
  expect(told).toEqual(["redfish: Cannot connect: refused"]);
});

test.each([
  [
    "a configured protocol that fails",
    ["redfish"] as const,
    { redfish: silent, ipmi: opened("ipmi") },
    "refused",
  ],
  [
    "a wrong password, at once",
    preference,
    { redfish: wrongPassword, ipmi: opened("ipmi") },
    "wrong password",
  ],
  [
    "a certificate that is not trusted, at once",
    preference,
    { redfish: impostor, ipmi: opened("ipmi") },
    "another certificate",
  ],
  ["all of them", preference, { redfish: silent, ipmi: silent }, "refused; Cannot connect"],
])("refuses after %s", async (_, protocols, drivers, message) => {
  await expect(openBmc({ protocols, drivers })).rejects.toThrow(message);
});
