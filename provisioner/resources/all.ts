import type { ResourceType } from "../../cosi/resource.ts";
import { AcceptanceRule } from "./acceptance-rule.ts";
import { Admission } from "./admission.ts";
import { AgentOrder } from "./agent-order.ts";
import { AgentReport } from "./agent-report.ts";
import { Assignment } from "./assignment.ts";
import { AuditEntry } from "./audit-entry.ts";
import { BmcConfig } from "./bmc-config.ts";
import { BootStatus } from "./boot-status.ts";
import { Cluster } from "./cluster.ts";
import { Event } from "./event.ts";
import { IdentityConflict } from "./identity-conflict.ts";
import { Image } from "./image.ts";
import { Installation } from "./installation.ts";
import { Inventory } from "./inventory.ts";
import { Machine } from "./machine.ts";
import { MachineStatus } from "./machine-status.ts";
import { NodeOrder } from "./node-order.ts";
import { PowerStatus } from "./power-status.ts";
import { Profile } from "./profile.ts";
import { Segment } from "./segment.ts";
import { SpentBootToken } from "./spent-boot-token.ts";
import { Task } from "./task.ts";
import { Token } from "./token.ts";
import { Trust } from "./trust.ts";
import { WipeCertificate } from "./wipe-certificate.ts";
import { WipeStatus } from "./wipe-status.ts";

/** Everything that the provisioner keeps: a sealed store takes no type that it was not told of. */
export const allResources: readonly ResourceType[] = [
  AcceptanceRule,
  Admission,
  AgentOrder,
  AgentReport,
  Assignment,
  AuditEntry,
  BmcConfig,
  BootStatus,
  Cluster,
  Event,
  IdentityConflict,
  Image,
  Installation,
  Inventory,
  Machine,
  MachineStatus,
  NodeOrder,
  PowerStatus,
  Profile,
  Segment,
  SpentBootToken,
  Task,
  Token,
  Trust,
  WipeCertificate,
  WipeStatus,
];
