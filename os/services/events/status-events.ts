import {
  MachineStatusEventSchema,
  MachineStatusEvent_MachineStage as Stage,
} from "../../../api/gen/machine/events_pb.js";
import type { SpecOf } from "../../../cosi/resource.ts";
import type { State } from "../../../cosi/state.ts";
import { MachineStatus } from "../../resources/runtime/node.ts";
import type { EventStream } from "./event-stream.ts";

const stages: Readonly<Record<SpecOf<typeof MachineStatus>["stage"], Stage>> = {
  booting: Stage.BOOTING,
  installing: Stage.INSTALLING,
  maintenance: Stage.MAINTENANCE,
  running: Stage.RUNNING,
  rebooting: Stage.REBOOTING,
  "shutting down": Stage.SHUTTING_DOWN,
  resetting: Stage.RESETTING,
  upgrading: Stage.UPGRADING,
};

/** Puts every change of the machine's status on the stream. Ends with the signal. */
export async function tellOfStatus(
  state: State,
  events: Pick<EventStream, "publish">,
  signal: AbortSignal,
): Promise<void> {
  for await (const changes of state.watch(MachineStatus, { id: "machine", signal })) {
    for (const change of changes) {
      if (change.type !== "created" && change.type !== "updated") continue;
      const { stage, status } = change.resource.spec;
      events.publish(MachineStatusEventSchema, { stage: stages[stage], status });
    }
  }
}
