import { expect, test } from "vitest";
import type { Bmc } from "./bmc.ts";
import { IpmiError } from "./ipmi/error.ts";
import { openBmc, preference } from "./open.ts";

const opened = (protocol: Bmc["protocol"]) => async () => ({ protocol }) as Bmc;
const fails = (failure: Error) => async () => {
  throw failure;
};
const silent = fails(new Error("Cannot connect: refused"));
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
  ["all of them", preference, { redfish: silent, ipmi: silent }, "refused; Cannot connect"],
])("refuses after %s", async (_, protocols, drivers, message) => {
  await expect(openBmc({ protocols, drivers })).rejects.toThrow(message);
});
