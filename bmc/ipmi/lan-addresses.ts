import { isAbsent } from "../bmc.ts";
import type { Transport } from "./command.ts";
import { lanParameters } from "./commands/lan.ts";
import { completions } from "./completion.ts";
import { type LanParameter, readLanParameter } from "./lan-parameter.ts";
import { orAbsent } from "./optional-answer.ts";

/** How BMCs without IPv6 refuse its parameters: by the book, and otherwise. */
const noIpv6 = [0x80, completions.parameterOutOfRange, completions.invalidField];

/** Of 255 that a BMC could claim, each asked for through a slow door. */
const mostPerKind = 16;

/** Where the BMC answers on its LAN channel, IPv4 first. None while it waits for a DHCP server. */
export async function lanAddresses(transport: Transport, channel: number): Promise<readonly string[]> {
  const ipv4 = await readLanParameter(transport, channel, lanParameters.address);
  const told = await orAbsent(readLanParameter(transport, channel, lanParameters.ipv6Status), noIpv6);
  const most = isAbsent(told) ? { fixed: 0, learned: 0 } : told;

  const ipv6Of = async (
    parameter: LanParameter<Ipv6Setting>,
    count: number,
    isOn: (it: Ipv6Setting) => boolean,
  ) => {
    const found: string[] = [];
    for (let set = 0; set < Math.min(count, mostPerKind); set++) {
      const setting = await orAbsent(readLanParameter(transport, channel, parameter, set), noIpv6);
      if (!isAbsent(setting) && setting.status === "active" && isOn(setting)) found.push(setting.address);
    }
    return found;
  };
  const addresses = [
    ipv4,
    ...(await ipv6Of(lanParameters.ipv6Fixed, most.fixed, ({ source }) => source.enabled === 1)),
    // Those that were learned have no "enabled" bit.
    ...(await ipv6Of(lanParameters.ipv6Learned, most.learned, () => true)),
  ];
  // A link-local one means something only to neighbours, who would have to say by which of their links.
  return addresses.filter(
    (address) => address !== "0.0.0.0" && address !== "::" && !/^fe[89ab]/.test(address),
  );
}

type Ipv6Setting = (typeof lanParameters)["ipv6Fixed"] extends LanParameter<infer T> ? T : never;
