import { Code } from "../../../api/gen/common/common_pb.js";
import {
  PhaseEvent_Action as PhaseAction,
  PhaseEventSchema,
  SequenceEvent_Action as SequenceAction,
  SequenceEventSchema,
  TaskEvent_Action as TaskAction,
  TaskEventSchema,
} from "../../../api/gen/machine/events_pb.js";
import type { Journal } from "../../machined/journal.ts";
import type { EventStream } from "./event-stream.ts";

/** Puts every step of PID 1's sequences on the stream, those before the stream was there first. */
export function tellOfSteps(journal: Pick<Journal, "follow">, events: Pick<EventStream, "publish">): void {
  journal.follow((step) => {
    const { actorId } = step;
    const begins = step.action === "start";
    if (step.of === "phase") {
      const action = begins ? PhaseAction.START : PhaseAction.STOP;
      events.publish(PhaseEventSchema, { phase: step.phase, action }, actorId);
    } else if (step.of === "task") {
      const action = begins ? TaskAction.START : TaskAction.STOP;
      events.publish(TaskEventSchema, { task: step.task, action }, actorId);
    } else {
      const { sequence, error } = step;
      const action = begins ? SequenceAction.START : SequenceAction.STOP;
      const event = { sequence, action, ...(error !== undefined && { error: { message: error } }) };
      events.publish(SequenceEventSchema, event, actorId);
      // Clients that wait for a sequence give up when they hear of this one.
      if (error !== undefined)
        events.publish(
          SequenceEventSchema,
          { sequence, action: SequenceAction.NOOP, error: { code: Code.FATAL, message: error } },
          actorId,
        );
    }
  });
}
