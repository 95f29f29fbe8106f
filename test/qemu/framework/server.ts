// A virtual server as a data centre knows it: a machine, and a BMC that has its power, its console and its boot order.
import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { SimulatedChassis } from "../../../bmc/simulator/chassis.ts";
import { furnish } from "../../../bmc/simulator/furniture.ts";
import { type IpmiServer, openIpmiServer } from "../../../bmc/simulator/ipmi/server.ts";
import { openVmBridge } from "../../../bmc/simulator/ipmi/vm-bridge.ts";
import type { Quirks } from "../../../bmc/simulator/quirks.ts";
import type { RedfishRack, RedfishServer } from "../../../bmc/simulator/redfish/rack.ts";
import { systemClock } from "../../../bmc/system-clock.ts";
import { ChassisPower } from "./chassis-power.ts";
import type { Boot, MachineDescription } from "./description.ts";
import { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { RunDirectory } from "./run-directory.ts";

export interface BmcDescription {
  readonly user: string;
  readonly password: string;
  readonly quirks?: Quirks | undefined;
  /** In the lab's own namespace. */
  readonly address?: string | undefined;
  /** 0: any free one. Undefined: it speaks no IPMI over the network. */
  readonly ipmiPort?: number | undefined;
  readonly redfish?: { readonly rack: RedfishRack; readonly port: number } | undefined;
}

export interface ServerOptions {
  readonly description: MachineDescription;
  /** Undefined: a machine whose power only the lab itself works. */
  readonly bmc: BmcDescription | undefined;
  readonly network: Network | readonly Network[];
  readonly directory: RunDirectory;
  /** Without a word from the BMC. Undefined: from disk, or else by network. */
  readonly usual?: Boot | undefined;
}

export interface Server extends AsyncDisposable {
  readonly machine: Machine;
  readonly chassis: SimulatedChassis;
  /** Where its BMC answers, over IPMI; undefined when it has none. */
  readonly ipmi: IpmiServer | undefined;
  /** The same over Redfish. */
  readonly redfish: RedfishServer | undefined;
}

/** A server that is off, with a BMC that answers. */
export async function openServer({
  description,
  bmc,
  network,
  directory,
  usual = { order: ["disk", "network"] },
}: ServerOptions): Promise<Server> {
  await using opening = new AsyncDisposableStack();
  const bmcSocket = directory.file(`${description.name}.bmc`);
  const machine = opening.use(new Machine(description, network, directory, bmc ? { bmcSocket } : {}));
  const log = (line: string) =>
    appendFileSync(directory.file(`${description.name}.power.log`), `${new Date().toISOString()} ${line}\n`);

  const power = opening.use(new ChassisPower({ machine, usual, log }));
  const chassis = new SimulatedChassis({
    clock: systemClock,
    machine: power,
    quirks: bmc?.quirks,
    furniture: furnitureOf(description, machine, bmc),
    onMachineError: (error) => log(String(error)),
  });
  power.belongTo(chassis);
  if (bmc) opening.use(await openVmBridge({ chassis, path: bmcSocket }));
  const { address, ipmiPort: port, redfish: over } = bmc ?? {};
  const ipmi =
    port === undefined
      ? undefined
      : opening.use(await openIpmiServer({ chassis, randomBytes, address, port }));
  const redfish = over && opening.use(await over.rack.serve(chassis, { address, port: over.port }));
  const all = opening.move();
  return { machine, chassis, ipmi, redfish, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** What its BMC knows of the machine is what the machine knows of itself. */
function furnitureOf({ nics = [] }: MachineDescription, machine: Machine, bmc: BmcDescription | undefined) {
  const furniture = furnish();
  Object.assign(furniture.identity, {
    model: "Lab machine",
    serial: machine.serialNumber,
    uuid: machine.uuid,
    macs: nics.map(({ mac }) => mac),
  });
  if (bmc) Object.assign(furniture.users[1]!, { name: bmc.user, password: bmc.password });
  if (bmc?.address !== undefined) furniture.network.address = bmc.address;
  return furniture;
}
