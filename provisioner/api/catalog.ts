// What the API serves: one row for each kind of resource. Routes, documentation and the command are made of it.
import type { ResourceType } from "../../cosi/resource.ts";
import type { Json } from "../../cosi/store.ts";
import { AcceptanceRule } from "../resources/acceptance-rule.ts";
import { Admission } from "../resources/admission.ts";
import { Assignment } from "../resources/assignment.ts";
import { AuditEntry } from "../resources/audit-entry.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { Event } from "../resources/event.ts";
import { IdentityConflict } from "../resources/identity-conflict.ts";
import { Image } from "../resources/image.ts";
import { Installation } from "../resources/installation.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import { PowerStatus } from "../resources/power-status.ts";
import { Profile } from "../resources/profile.ts";
import type { Role } from "../resources/roles.ts";
import { Segment } from "../resources/segment.ts";
import { Task } from "../resources/task.ts";
import { Token } from "../resources/token.ts";
import { WipeCertificate } from "../resources/wipe-certificate.ts";
import { WipeStatus } from "../resources/wipe-status.ts";

export interface ApiKind {
  /** Of the URL: `machines`. */
  readonly path: string;
  readonly name: string;
  readonly about: string;
  readonly type: ResourceType;
  readonly read: Role;
  /** Who may put and delete it as it is; nobody where there are verbs for that, or controllers write it. */
  readonly write?: Role;
  /** Which machine it belongs to: a token that is for some machines shows those of them alone. */
  readonly machineOf: (id: string, spec: Json) => string | undefined;
  /** Fields that are nobody's business. */
  readonly hidden?: readonly string[];
}

const byId = (id: string) => id;
const bySpec = (_: string, spec: Json) => (spec as { readonly machine?: string }).machine;
const nobodys = () => undefined;

const reader = { read: "reader" } as const;
const edited = { read: "reader", write: "operator" } as const;

export const catalog: readonly ApiKind[] = [
  {
    path: "machines",
    name: "Machine",
    about: "What people ask of a machine.",
    type: Machine,
    machineOf: byId,
    ...reader,
  },
  {
    path: "machine-statuses",
    name: "MachineStatus",
    about: "Where a machine is in its life.",
    type: MachineStatus,
    machineOf: byId,
    ...reader,
  },
  {
    path: "inventories",
    name: "Inventory",
    about: "What is in a machine.",
    type: Inventory,
    machineOf: byId,
    ...reader,
  },
  {
    path: "admissions",
    name: "Admission",
    about: "Whether a machine may be worked on.",
    type: Admission,
    machineOf: byId,
    ...reader,
  },
  {
    path: "assignments",
    name: "Assignment",
    about: "What a machine shall be.",
    type: Assignment,
    machineOf: byId,
    ...reader,
  },
  {
    path: "boot-statuses",
    name: "BootStatus",
    about: "How far a machine's boot got.",
    type: BootStatus,
    machineOf: byId,
    ...reader,
  },
  {
    path: "power-statuses",
    name: "PowerStatus",
    about: "What a machine's BMC says of its power.",
    type: PowerStatus,
    machineOf: byId,
    ...reader,
  },
  {
    path: "wipe-statuses",
    name: "WipeStatus",
    about: "How the wipe of a machine stands.",
    type: WipeStatus,
    machineOf: byId,
    ...reader,
  },
  {
    path: "installations",
    name: "Installation",
    about: "Evidence that a system is installed.",
    type: Installation,
    machineOf: byId,
    ...reader,
  },
  {
    path: "conflicts",
    name: "IdentityConflict",
    about: "Who else claims to be a machine.",
    type: IdentityConflict,
    machineOf: byId,
    ...reader,
  },
  {
    path: "certificates",
    name: "WipeCertificate",
    about: "Proof that a disk was erased.",
    type: WipeCertificate,
    machineOf: bySpec,
    ...reader,
  },
  {
    path: "profiles",
    name: "Profile",
    about: "What an assigned machine boots.",
    type: Profile,
    machineOf: nobodys,
    ...edited,
  },
  {
    path: "rules",
    name: "AcceptanceRule",
    about: "Which machines to accept unasked.",
    type: AcceptanceRule,
    machineOf: nobodys,
    ...edited,
  },
  {
    path: "images",
    name: "Image",
    about: "Images of Ingot's own system that are served, by the names that profiles call them.",
    type: Image,
    machineOf: nobodys,
    ...reader,
  },
  {
    path: "bmcs",
    name: "BmcConfig",
    about: "How to reach a machine's BMC.",
    type: BmcConfig,
    machineOf: byId,
    read: "admin",
    write: "admin",
  },
  {
    path: "segments",
    name: "Segment",
    about: "Networks by their pxe-servers.",
    type: Segment,
    machineOf: nobodys,
    ...reader,
  },
  { path: "tasks", name: "Task", about: "What takes a while.", type: Task, machineOf: nobodys, ...reader },
  { path: "events", name: "Event", about: "What happened.", type: Event, machineOf: bySpec, ...reader },
  {
    path: "audit",
    name: "AuditEntry",
    about: "Who changed what.",
    type: AuditEntry,
    machineOf: nobodys,
    read: "admin",
  },
  {
    path: "tokens",
    name: "Token",
    about: "Who may use this API.",
    type: Token,
    machineOf: nobodys,
    read: "admin",
    hidden: ["sha256"],
  },
];

export function kindAt(path: string): ApiKind {
  const kind = catalog.find((one) => one.path === path);
  if (!kind) throw new Error(`Cannot serve ${path}: the catalog has no such row`);
  return kind;
}
