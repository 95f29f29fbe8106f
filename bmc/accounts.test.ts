import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { givenFor, newPassword, setUpAccount } from "./accounts.ts";
import { ipmiBmc } from "./ipmi/driver.ts";
import { openLanPort } from "./ipmi/lan-port.ts";
import { openIpmi } from "./ipmi/open.ts";
import { SimulatedChassis } from "./simulator/chassis.ts";
import { insideTransport } from "./simulator/ipmi/execute.ts";
import { openIpmiServer } from "./simulator/ipmi/server.ts";
import { profiles } from "./simulator/quirks.ts";
import { systemClock } from "./system-clock.ts";

test.each(["honest", "LAN on channel 8", "free users have a name", "node busy"] as const)(
  "an account set up from inside the machine works from outside, and again after rotation: %s",
  async (profile) => {
    const chassis = new SimulatedChassis({ clock: systemClock, quirks: profiles[profile] });
    await using server = await openIpmiServer({ chassis, randomBytes });
    await using port = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
    await using inside = await ipmiBmc(insideTransport(chassis));
    const open = (password: string) =>
      openIpmi({
        port,
        clock: systemClock,
        randomBytes,
        host: server.address,
        udpPort: server.port,
        user: "ingot",
        password,
      });

    const first = await setUpAccount(inside, { user: "ingot", randomBytes });
    expect(first.network.address).toBe("192.0.2.10");
    await using outside = await open(first.password);
    expect(await outside.power.read()).toBe("off");

    const second = await setUpAccount(inside, { user: "ingot", randomBytes });
    expect(second.account.id).toBe(first.account.id);
    await expect(open(first.password)).rejects.toThrow("wrong password");
    await using again = await open(second.password);
    expect(again.protocol).toBe("ipmi");
  },
);

test("passwords have 20 characters of all kinds, and no two are alike", () => {
  const passwords = Array.from({ length: 200 }, () => newPassword(randomBytes));
  expect(new Set(passwords).size).toBe(200);
  for (const password of passwords)
    expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[A-Za-z2-9]{20}$/);
});

describe("credentials given in advance", () => {
  const entry = { user: "u", password: "p" };
  const machine = {
    uuids: ["4c4c4544-0042-4a10-8035-000000000001"],
    serial: "S1",
    macs: ["52:54:00:00:00:01"],
  };
  test.each([
    ["the UUID", { uuid: "4C4C4544-0042-4A10-8035-000000000001" }, true],
    ["the serial number", { serial: "S1" }, true],
    ["a MAC address", { mac: "52:54:00:00:00:01" }, true],
    ["another serial number", { serial: "S2" }, false],
    ["nothing", {}, false],
  ])("by %s", (_, marks, found) => {
    expect(givenFor([{ ...entry, ...marks }], machine) !== undefined).toBe(found);
  });
});
