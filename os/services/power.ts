import { SequenceEvent_Action as Action, SequenceEventSchema } from "../../api/gen/machine/events_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import type { Clock } from "../../cosi/clock.ts";
import type { WriteSystem } from "./api/lifecycle-service.ts";
import type { Lifecycle } from "./api/machine/lifecycle.ts";
import type { Meta } from "./api/machine/meta.ts";
import type { EventStream } from "./events/event-stream.ts";

/** The system on the machine's disk. */
export type Installation = Pick<Lifecycle, "reset" | "rollback" | "upgrade"> & {
  readonly meta: Meta;
  readonly writeSystem: WriteSystem;
  /** As the kernel names it: `nvme0n1`. */
  readonly systemDisk: string;
};

export interface PowerOptions {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly end: (how: "restart" | "powerOff") => void;
  /** Undefined on a machine that runs from memory. */
  readonly installation: () => Installation | undefined;
}

/** So long the answer, and the event that the end has begun, have to leave the machine. */
const farewellMs = 500;

export function power({ clock, events, end, installation }: PowerOptions): Lifecycle {
  const begin = (sequence: string, how: "restart" | "powerOff", actorId: string) => {
    events.publish(SequenceEventSchema, { sequence, action: Action.START }, actorId);
    clock.after(farewellMs, () => end(how));
    return Promise.resolve();
  };
  const installed = () => {
    const found = installation();
    if (found) return found;
    throw new GrpcError("failedPrecondition", "nothing is installed: this machine runs from memory");
  };
  return {
    reboot: (_, actorId) => begin("reboot", "restart", actorId),
    shutdown: (_, actorId) => begin("shutdown", "powerOff", actorId),
    reset: async (request, actorId) => installed().reset(request, actorId),
    rollback: async () => installed().rollback(),
    upgrade: async (request, actorId) => installed().upgrade(request, actorId),
  };
}
