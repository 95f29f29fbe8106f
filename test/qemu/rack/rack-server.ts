// A machine of a rack's description, as a server on the lab's network.
import { profiles } from "../../../bmc/simulator/quirks.ts";
import type { RedfishRack } from "../../../bmc/simulator/redfish/rack.ts";
import type { MachineDescription } from "../framework/description.ts";
import type { Network } from "../framework/network.ts";
import type { RunDirectory } from "../framework/run-directory.ts";
import { type BmcDescription, openServer, type Server } from "../framework/server.ts";
import type { RackMachine, RackNetwork } from "./schema.ts";

/** BMCs are found where every client looks for them. */
const rmcpPort = 623;
const redfishPort = 443;

const hex = (number: number) => number.toString(16).padStart(2, "0");

/** The `nth` of its rack, as hardware; cards name their networks by the place in `networks`. */
export function hardwareOf(
  { bmc: _bmc, boot: _boot, networkBoot: _networkBoot, powered: _powered, nics, ...described }: RackMachine,
  nth: number,
  networks: readonly RackNetwork[],
): MachineDescription {
  const cards = nics.flatMap(({ count, network, vlan, bond, ...nic }, group) => {
    const at = network === undefined ? 0 : networks.findIndex(({ name }) => name === network);
    const until = bond === "lacp" ? ("nothing" as const) : ("forwards" as const);
    const port = { vlan, bond: bond && { name: `bond${group}`, until } };
    return Array.from({ length: count }, () => ({ ...nic, network: at, port }));
  });
  return {
    ...described,
    nics: cards.map((nic, card) => ({ ...nic, mac: `52:54:00:00:${hex(nth + 1)}:${hex(card + 1)}` })),
    watchdog: true,
    bootRetryMs: 10_000,
  };
}

export interface RackPlace {
  readonly networks: readonly RackNetwork[];
  /** One for each. */
  readonly switches: readonly Network[];
  readonly directory: RunDirectory;
  /** Where BMCs speak Redfish. */
  readonly redfish: RedfishRack;
}

/** Its BMC has an address of its own beside the provisioner's, below the DHCP pool. */
export function openRackServer(machine: RackMachine, nth: number, place: RackPlace): Promise<Server> {
  const { bmc, boot, networkBoot } = machine;
  const { networks, switches, directory, redfish } = place;
  const address = `10.1.0.${11 + nth}`;
  if (bmc !== "none") switches[0]!.addAddress(`${address}/24`);
  return openServer({
    network: switches,
    directory,
    description: hardwareOf(machine, nth, networks),
    bmc: bmc === "none" ? undefined : bmcOf(bmc, address, redfish),
    usual: { order: boot, ...(networkBoot === "http" && { networkOver: networkBoot }) },
  });
}

const bmcOf = (
  { speaks, quirks, user, password }: Exclude<RackMachine["bmc"], "none">,
  address: string,
  redfish: RedfishRack,
): BmcDescription => ({
  user,
  password,
  quirks: profiles[quirks],
  address,
  ipmiPort: speaks.includes("ipmi") ? rmcpPort : undefined,
  redfish: speaks.includes("redfish") ? { rack: redfish, port: redfishPort } : undefined,
});
