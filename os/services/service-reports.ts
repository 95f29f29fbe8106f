import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  ServiceStateEvent_Action as Action,
  ServiceStateEventSchema,
} from "../../api/gen/machine/events_pb.js";
import type { State } from "../../cosi/state.ts";
import { Service } from "../resources/runtime/node.ts";
import type { EventStream } from "./events/event-stream.ts";
import type { ServiceStanding, ServiceState } from "./supervisor/service.ts";

const actions: Readonly<Record<ServiceState, Action>> = {
  Initialized: Action.INITIALIZED,
  Preparing: Action.PREPARING,
  Waiting: Action.WAITING,
  Running: Action.RUNNING,
  Stopping: Action.STOPPING,
  Finished: Action.FINISHED,
  Failed: Action.FAILED,
  Skipped: Action.SKIPPED,
  Starting: Action.STARTING,
};

export interface ServiceReportsOptions {
  readonly events: EventStream;
  readonly state: State;
  readonly failed: (error: unknown) => void;
}

/** Tells of each change of a service: as an event, and as a resource that is there while the service runs. */
export function serviceReports({ events, state, failed }: ServiceReportsOptions) {
  const owned = state.as("ServiceManager");
  let last: Promise<void> = Promise.resolve();
  return (standing: ServiceStanding): void => {
    const { id, health, changes, state: now } = standing;
    events.publish(ServiceStateEventSchema, {
      service: id,
      action: actions[now],
      message: changes.at(-1)?.message ?? "",
      health: {
        unknown: !health.known,
        healthy: health.healthy,
        lastMessage: health.message,
        lastChange: timestampFromDate(health.changed),
      },
    });
    last = last.then(() => reflect(standing)).catch(failed);
  };

  async function reflect({ id, state: now, health }: ServiceStanding): Promise<void> {
    if (now === "Running") {
      const spec = { running: true, healthy: health.healthy, unknown: !health.known };
      await owned.set(Service, id, { spec });
    } else if (await owned.find(Service, id)) await owned.destroy(Service, id);
  }
}
