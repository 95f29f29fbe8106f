import type { ResourceOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import type { Records } from "../decisions/facts.ts";
import { Admission } from "../resources/admission.ts";
import { Assignment } from "../resources/assignment.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { IdentityConflict } from "../resources/identity-conflict.ts";
import { Installation } from "../resources/installation.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import { NodeOrder } from "../resources/node-order.ts";
import { PowerStatus } from "../resources/power-status.ts";
import { WipeStatus } from "../resources/wipe-status.ts";

export type MachineRecords = Records & { readonly machine: ResourceOf<typeof Machine> };

/** Everything that decisions about one machine rest on. */
export async function recordsOf(state: State, id: string): Promise<MachineRecords | undefined> {
  const machine = await state.find(Machine, id);
  if (!machine) return undefined;
  const [
    admission,
    assignment,
    bmcConfig,
    boot,
    conflict,
    installation,
    inventory,
    nodeOrder,
    power,
    status,
    wipe,
  ] = await Promise.all([
    state.find(Admission, id),
    state.find(Assignment, id),
    state.find(BmcConfig, id),
    state.find(BootStatus, id),
    state.find(IdentityConflict, id),
    state.find(Installation, id),
    state.find(Inventory, id),
    state.find(NodeOrder, id),
    state.find(PowerStatus, id),
    state.find(MachineStatus, id),
    state.find(WipeStatus, id),
  ]);
  return {
    machine,
    admission,
    assignment,
    bmcConfig,
    boot,
    conflict,
    installation,
    inventory,
    nodeOrder,
    power,
    status,
    wipe,
  };
}
