import { Command, Option } from "commander";
import { type Absent, isAbsent } from "../bmc.ts";
import { IpmiError } from "../ipmi/error.ts";
import type { IpmiProbe } from "../ipmi/probe.ts";
import type { RedfishProbe } from "../redfish/probe.ts";
import { type Format, formats, render } from "./render.ts";

export interface Probed {
  readonly ipmi: IpmiProbe | Absent;
  readonly redfish: RedfishProbe | Absent;
}

export interface ProbeIo {
  readonly print: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly probe: (address: string) => Promise<Probed>;
}

interface Options {
  readonly address: string;
  readonly output: Format;
}

/** Needs no account: tells what the BMC tells anybody. */
export const probeCommand = ({ print, warn, probe }: ProbeIo): Command =>
  new Command("probe")
    .description("what is there, without an account: protocols, cipher suites, certificate")
    .requiredOption("-a, --address <host[:port]>", "the BMC")
    .addOption(new Option("-o, --output <format>", "how to print").choices(formats).default("table"))
    .action(async ({ address, output }: Options) => {
      const { ipmi, redfish } = await probe(address);
      if (isAbsent(ipmi) && isAbsent(redfish)) {
        const message = `Cannot find a BMC at ${address}: ${ipmi.absent}; ${redfish.absent}`;
        throw new IpmiError({ kind: "noAnswer", message });
      }
      if (!isAbsent(ipmi) && ipmi.cipherSuites.includes(0))
        warn(`${address} offers cipher suite 0: anyone can command it without a password`);
      print(
        output === "table" ? render(rowOf({ ipmi, redfish }), output) : render({ ipmi, redfish }, output),
      );
    });

function rowOf({ ipmi, redfish }: Probed) {
  return {
    ...(isAbsent(ipmi) ? { ipmi: ipmi.absent } : { ipmi: ipmi.version, cipherSuites: ipmi.cipherSuites }),
    ...(isAbsent(redfish)
      ? { redfish: redfish.absent }
      : { redfish: redfish.version, ...withoutVersion(redfish) }),
  };
}

const withoutVersion = ({ vendor, product, fingerprint }: RedfishProbe) => ({ vendor, product, fingerprint });
