import { same } from "../../cosi/engine/reads.ts";
import { Admission } from "../resources/admission.ts";
import { Assignment } from "../resources/assignment.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { IdentityConflict } from "../resources/identity-conflict.ts";
import { Installation } from "../resources/installation.ts";
import { Inventory } from "../resources/inventory.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import { NodeOrder } from "../resources/node-order.ts";
import { PowerStatus } from "../resources/power-status.ts";
import { WipeStatus } from "../resources/wipe-status.ts";

/** All that the facts of a machine's life are gathered from. */
export const machineReads = {
  admission: Admission,
  // One that leaves is what a release is.
  assignment: same(Assignment, { leaving: true }),
  bmcConfig: BmcConfig,
  boot: BootStatus,
  conflict: IdentityConflict,
  installation: Installation,
  inventory: Inventory,
  nodeOrder: NodeOrder,
  power: PowerStatus,
  status: MachineStatus,
  wipe: WipeStatus,
} as const;
