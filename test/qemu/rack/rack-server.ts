// A machine of a rack's description, as a server on the lab's network.
import { profiles } from "../../../bmc/simulator/quirks.ts";
import type { MachineDescription } from "../framework/description.ts";
import type { Network } from "../framework/network.ts";
import type { RunDirectory } from "../framework/run-directory.ts";
import { openServer, type Server } from "../framework/server.ts";
import type { RackMachine } from "./rack.ts";

/** BMCs are found where every client looks for them. */
const rmcpPort = 623;

const hex = (number: number) => number.toString(16).padStart(2, "0");

/** The `nth` of its rack, as hardware. */
export function hardwareOf(
  { bmc: _bmc, boot: _boot, nics, ...described }: RackMachine,
  nth: number,
): MachineDescription {
  const cards = nics.flatMap(({ count, ...nic }) => Array.from({ length: count }, () => nic));
  return {
    ...described,
    nics: cards.map((nic, card) => ({ ...nic, mac: `52:54:00:00:${hex(nth + 1)}:${hex(card + 1)}` })),
    watchdog: true,
  };
}

/** Its BMC has an address of its own beside the provisioner's, below the DHCP pool. */
export function openRackServer(
  machine: RackMachine,
  nth: number,
  around: { readonly network: Network; readonly directory: RunDirectory },
): Promise<Server> {
  const { bmc, boot } = machine;
  const address = `10.1.0.${11 + nth}`;
  if (bmc !== "none") around.network.addAddress(`${address}/24`);
  return openServer({
    ...around,
    description: hardwareOf(machine, nth),
    bmc: bmc === "none" ? undefined : { ...bmc, quirks: profiles[bmc.quirks], address, port: rmcpPort },
    usual: { order: boot },
  });
}
