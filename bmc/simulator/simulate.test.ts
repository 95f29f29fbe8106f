import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { openLanPort } from "../ipmi/lan-port.ts";
import { openIpmi } from "../ipmi/open.ts";
import { openRedfish } from "../redfish/open.ts";
import { systemClock } from "../system-clock.ts";
import { openSimulation } from "./simulate.ts";

test("BMCs for people answer over both protocols, are one server each, and say what happens to it", async () => {
  const said: string[] = [];
  const place = { clock: systemClock, randomBytes, print: (line: string) => said.push(line) };
  const address = "127.0.0.1";
  await using simulation = await openSimulation(
    { quirks: {}, count: 2, address, ipmiPort: 0, redfishPort: 0 },
    place,
  );
  await using port = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
  const login = { clock: systemClock, host: address, user: "admin", password: "secret" };
  const [, second] = simulation.bmcs;
  await using ipmi = await openIpmi({ ...login, port, randomBytes, udpPort: second!.ipmiPort });
  await using redfish = await openRedfish({
    ...login,
    port: second!.redfishPort,
    trust: { by: "fingerprint", sha256: simulation.sha256 },
  });
  await ipmi.boot.set({ device: "pxe", lasting: "once", firmware: "uefi" });
  await redfish.power.press("on");
  expect(await ipmi.power.read()).toBe("on");
  await ipmi.power.press("softOff");
  expect(await redfish.power.read()).toBe("off");
  expect(said).toEqual(["BMC 1: on, boots from pxe by uefi", "BMC 1: its operating system shuts down"]);
});
