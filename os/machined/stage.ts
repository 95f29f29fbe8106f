import type { SpecOf } from "../../cosi/resource.ts";
import type { MachineStatus } from "../resources/runtime/node.ts";
import type { SequenceName, Step } from "./journal.ts";

export type Stage = SpecOf<typeof MachineStatus>["stage"];

/** The task during which the machine waits for a config. Clients of the API know it by this name. */
export const maintenanceTask = "runningMaintenance";

const whenBegun: Readonly<Record<SequenceName, Stage | undefined>> = {
  initialize: "booting",
  // Begun on machines that are installed, too: its phase tells.
  install: undefined,
  boot: "booting",
  reboot: "rebooting",
  shutdown: "shutting down",
  reset: "resetting",
  upgrade: "upgrading",
};

/** What the machine is at after a step; undefined when the step changes nothing of that. */
export function stageAfter(step: Step): Stage | undefined {
  if (step.of === "sequence") {
    if (step.action === "start") return whenBegun[step.sequence];
    if (step.error === undefined) return step.sequence === "boot" ? "running" : undefined;
    // It did not come about, and the machine goes on.
    return step.sequence === "upgrade" || step.sequence === "reset" ? "running" : undefined;
  }
  if (step.of === "phase")
    return step.phase === "install" && step.action === "start" ? "installing" : undefined;
  if (step.task !== maintenanceTask) return undefined;
  return step.action === "start" ? "maintenance" : "booting";
}
