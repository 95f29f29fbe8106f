// A BMC of the seam, over any IPMI transport.
import { absent, type Bmc, type Capabilities } from "../bmc.ts";
import { ipmiAccounts } from "./accounts.ts";
import { ipmiBoot } from "./boot.ts";
import { ipmiChassis } from "./chassis.ts";
import { run, type Transport } from "./command.ts";
import { getDeviceId } from "./commands/device.ts";
import { ipmiConsole } from "./console.ts";
import { ipmiController } from "./controller.ts";
import { ipmiHealth } from "./health.ts";
import { LanSession } from "./lan-session.ts";
import { ipmiPower } from "./power.ts";
import { ipmiQuirksOf } from "./quirks.ts";

/** The BMC behind `transport`, which it owns from now on. */
export async function ipmiBmc(transport: Transport): Promise<Bmc> {
  const device = await run(transport, getDeviceId, undefined);
  return {
    protocol: "ipmi",
    capabilities: capabilitiesOf(device.supports, transport),
    power: ipmiPower(transport),
    boot: ipmiBoot(transport, ipmiQuirksOf(device.manufacturer)),
    chassis: ipmiChassis(transport),
    health: ipmiHealth(transport),
    console: ipmiConsole(transport),
    accounts: ipmiAccounts(transport),
    controller: ipmiController(transport),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

type Supports = ReturnType<typeof getDeviceId.response.decode>["supports"];

function capabilitiesOf({ sdr, sel }: Supports, transport: Transport): Capabilities {
  const ifSet = (bit: number, what: string) =>
    bit === 1 ? true : absent(`the BMC says that it has no ${what}`);
  return {
    softOff: true,
    cycle: true,
    interrupt: true,
    boot: true,
    bootPersistent: true,
    bootFirmware: true,
    virtualMedia: absent("IPMI has no virtual media"),
    secureBoot: absent("IPMI does not tell about Secure Boot"),
    identify: true,
    facts: true,
    firmware: absent("IPMI has no firmware inventory"),
    sensors: ifSet(sdr, "sensor records"),
    events: ifSet(sel, "event log"),
    console:
      transport instanceof LanSession ? true : absent("the serial console is only there over the network"),
    accounts: true,
    network: true,
    controllerReset: true,
  };
}
