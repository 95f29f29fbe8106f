// What a rack of the fleet and the process that started it tell each other.
import type { Asking, BootPlan, Report } from "../../../pxe-server/booter.ts";

export interface FleetMember {
  readonly index: number;
  readonly id: string;
  /** Of its BMC, on loopback. */
  readonly bmcPort: number;
}

export interface RackTold {
  readonly violations: readonly string[];
  readonly wipes: number;
  readonly boots: number;
  /** How late its event loop came to what was due, 99 times of 100 at most: whether it kept up. */
  readonly lateMs: number;
}

export type ToRack =
  | { readonly is: "open"; readonly first: number; readonly size: number }
  | { readonly is: "plan"; readonly number: number; readonly plan: BootPlan }
  | { readonly is: "close" };

export type FromRack =
  | { readonly is: "open"; readonly members: readonly FleetMember[] }
  | { readonly is: "ask"; readonly number: number; readonly asking: Asking }
  | { readonly is: "report"; readonly report: Report }
  | { readonly is: "closed"; readonly told: RackTold };
