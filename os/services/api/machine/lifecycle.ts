import type { ResetRequest, UpgradeRequest } from "../../../../api/gen/machine/power_pb.js";
import { RebootRequest_Mode as RebootMode } from "../../../../api/gen/machine/power_pb.js";
import { type MachineHandlers, one } from "./handler.ts";

/**
 * What ends or replaces the running system. Each call returns when the work has been accepted; the work goes on, and is
 * told of by events that bear the actor's id. Throws a GrpcError for what this machine cannot do now.
 */
export interface Lifecycle {
  reboot(how: "default" | "powercycle" | "force", actorId: string): Promise<void>;
  shutdown(force: boolean, actorId: string): Promise<void>;
  reset(request: ResetRequest, actorId: string): Promise<void>;
  /** Chooses the system that ran before, and restarts. */
  rollback(): Promise<void>;
  upgrade(request: UpgradeRequest, actorId: string): Promise<void>;
}

export interface LifecycleDependencies {
  readonly lifecycle: Lifecycle;
  /** A new UUID. */
  readonly actorId: () => string;
}

const rebootModes = {
  [RebootMode.DEFAULT]: "default",
  [RebootMode.POWERCYCLE]: "powercycle",
  [RebootMode.FORCE]: "force",
} as const;

export const lifecycle = (
  deps: LifecycleDependencies,
): MachineHandlers<"reboot" | "shutdown" | "reset" | "rollback" | "upgrade"> => ({
  async reboot({ mode }) {
    const actorId = deps.actorId();
    await deps.lifecycle.reboot(rebootModes[mode] ?? "default", actorId);
    return one({ actorId });
  },

  async shutdown({ force }) {
    const actorId = deps.actorId();
    await deps.lifecycle.shutdown(force, actorId);
    return one({ actorId });
  },

  async reset(request) {
    const actorId = deps.actorId();
    await deps.lifecycle.reset(request, actorId);
    return one({ actorId });
  },

  async rollback() {
    await deps.lifecycle.rollback();
    return one({});
  },

  async upgrade(request) {
    const actorId = deps.actorId();
    await deps.lifecycle.upgrade(request, actorId);
    return one({ actorId, ack: "Upgrade request received" });
  },
});
