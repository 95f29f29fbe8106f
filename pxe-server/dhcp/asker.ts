// What a DHCP packet says of the machine that sent it.

import type { Packet } from "../../wire/dhcp/packet.ts";
import type { Client } from "../booter.ts";
import { architectureOf, type Firmware } from "../firmware.ts";

export interface Asker {
  readonly client: Client;
  readonly firmware: Firmware;
  /** Undefined: an operating system, not firmware. */
  readonly wants: "PXEClient" | "HTTPClient" | undefined;
  readonly vendorClass: string;
}

const ethernet = 1;

/** Undefined when the sender has no Ethernet address: nobody that a lease or a plan could be made for. */
export function askerOf({ hardwareType, hardwareLength, mac, options }: Packet): Asker | undefined {
  if (hardwareType !== ethernet || hardwareLength !== 6 || mac === "00:00:00:00:00:00") return undefined;
  const { vendorClass = "", clientArchitectures = [], clientMachineUuid, userClass = "", ipxe } = options;
  const architecture = architectureOf(clientArchitectures, mac);
  // Bare text from iPXE, a counted list (RFC 3004) from some builds of it; older ones send only their option 175.
  const isIpxe = userClass.includes("iPXE") || userClass.includes("gPXE") || ipxe !== undefined;
  const wants = (["PXEClient", "HTTPClient"] as const).find((name) => vendorClass.startsWith(name));
  return {
    client: {
      mac,
      uuid: clientMachineUuid,
      architecture,
      userClass: userClass || undefined,
      vendorClass: vendorClass || undefined,
    },
    firmware: { architecture, isIpxe },
    wants: wants ?? (isIpxe ? "PXEClient" : undefined),
    vendorClass,
  };
}
