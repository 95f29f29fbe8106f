import type { State } from "../../cosi/state.ts";
import { type Facts, gatherFacts, type Records } from "../decisions/facts.ts";
import { Admission } from "../resources/admission.ts";
import { Assignment } from "../resources/assignment.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { IdentityConflict } from "../resources/identity-conflict.ts";
import { Installation } from "../resources/installation.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import { PowerStatus } from "../resources/power-status.ts";
import { WipeStatus } from "../resources/wipe-status.ts";

/** All records of a machine as the store has them now; undefined for one that is not known. */
export async function storedRecords(state: State, id: string): Promise<Records | undefined> {
  const machine = await state.find(Machine, id);
  if (!machine) return undefined;
  const [admission, assignment, bmcConfig, boot, conflict, installation, inventory, power, status, wipe] =
    await Promise.all([
      state.find(Admission, id),
      state.find(Assignment, id),
      state.find(BmcConfig, id),
      state.find(BootStatus, id),
      state.find(IdentityConflict, id),
      state.find(Installation, id),
      state.find(Inventory, id),
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
    power,
    status,
    wipe,
  };
}

export async function storedFacts(state: State, id: string): Promise<Facts | undefined> {
  const records = await storedRecords(state, id);
  return records && gatherFacts(records);
}
