import type { ResetRequest } from "../../api/gen/machine/power_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import type { CheckImage } from "./api/image-service.ts";
import type { WriteSystem } from "./api/lifecycle-service.ts";
import type { Lifecycle } from "./api/machine/lifecycle.ts";
import type { Meta } from "./api/machine/meta.ts";

/** The system on the machine's disk. */
export type Installation = Pick<Lifecycle, "rollback" | "upgrade"> & {
  /** `stopServices` stops what works on the disks that are to be erased. */
  readonly reset: (
    request: ResetRequest,
    actorId: string,
    stopServices: () => Promise<void>,
  ) => Promise<void>;
  readonly meta: Meta;
  readonly writeSystem: WriteSystem;
  readonly checkImage: CheckImage;
};

/** Ends this boot as part of a sequence, whose events bear the actor's id. */
export type End = (
  how: "restart" | "powerOff",
  why: {
    readonly sequence: "reboot" | "shutdown" | "reset" | "upgrade";
    readonly actorId: string;
    /** Does not wait for what takes long to end. */
    readonly forced?: boolean;
  },
) => void;

export interface PowerOptions {
  readonly end: End;
  /** Undefined on a machine that runs from memory. */
  readonly installation: () => Installation | undefined;
  /** All but those by which a machine can be reached. */
  readonly stopServices: () => Promise<void>;
}

export function power({ end, installation, stopServices }: PowerOptions): Lifecycle {
  const installed = () => {
    const found = installation();
    if (found) return found;
    throw new GrpcError("failedPrecondition", "nothing is installed: this machine runs from memory");
  };
  return {
    // There is no kexec here: a power cycle is what every restart is.
    reboot: async (how, actorId) =>
      end("restart", { sequence: "reboot", actorId, ...(how === "force" && { forced: true }) }),
    shutdown: async (_, actorId) => end("powerOff", { sequence: "shutdown", actorId }),
    reset: async (request, actorId) => installed().reset(request, actorId, stopServices),
    rollback: async () => installed().rollback(),
    upgrade: async (request, actorId) => installed().upgrade(request, actorId),
  };
}
