// A machine's BMC, by its configuration.
import { randomBytes } from "node:crypto";
import type { Bmc } from "../../bmc/bmc.ts";
import type { LanPort } from "../../bmc/ipmi/lan-port.ts";
import { openIpmi } from "../../bmc/ipmi/open.ts";
import { openBmc, preference } from "../../bmc/open.ts";
import { openRedfish } from "../../bmc/redfish/open.ts";
import type { Trust } from "../../bmc/redfish/trust.ts";
import { systemClock } from "../../bmc/system-clock.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { BmcConfig } from "../resources/bmc-config.ts";

type Config = SpecOf<typeof BmcConfig>;

export function openMachineBmc(
  { address, port: bmcPort, driver, user, password, tls }: Config,
  {
    port,
    systemUuid,
    onWarning,
  }: {
    readonly port: LanPort;
    /** Which server is meant, where several stand behind one BMC. */
    readonly systemUuid: string;
    readonly onWarning: (text: string) => void;
  },
): Promise<Bmc> {
  const credentials = { user, password };
  // Where both are tried, a port of its own says nothing about which of the two it is.
  const own = (protocol: Config["driver"]) => (driver === protocol ? bmcPort : undefined);
  return openBmc({
    protocols: driver === "automatic" ? preference : [driver],
    onFailOver: (from, why) => onWarning(`${address}: ${from} fails, trying the next: ${why}`),
    drivers: {
      redfish: () =>
        openRedfish({
          ...credentials,
          host: address,
          port: own("redfish"),
          trust: trustOf(tls),
          systemUuid,
          clock: systemClock,
          onWarning,
        }),
      ipmi: () =>
        openIpmi({
          ...credentials,
          host: address,
          udpPort: own("ipmi"),
          port,
          clock: systemClock,
          randomBytes,
          onWarning,
        }),
    },
  });
}

function trustOf(tls: Config["tls"]): Trust {
  switch (tls.verify) {
    case "system":
      return { by: "system" };
    case "authority":
      return { by: "authorities", pem: tls.pem };
    case "fingerprint":
      return { by: "fingerprint", sha256: tls.sha256 };
    case "off":
      return { by: "nothing" };
  }
}
