import { GrpcError } from "../../../../api/grpc/error.ts";
import type { EventStream } from "../../events/event-stream.ts";
import { isXid } from "../../events/xid.ts";
import type { MachineHandlers } from "./handler.ts";

export const events = (deps: { readonly events: EventStream }): MachineHandlers<"events"> => ({
  async *events({ tailEvents, tailId, tailSeconds, withActorId }, { signal }) {
    if (tailId !== "" && !isXid(tailId)) {
      throw new GrpcError("unknown", `error parsing tail_id: ${tailId} is no event's id`);
    }
    // Says that the stream is there; clients wait for it before they start what they want to watch.
    yield { actorId: withActorId };
    const tail = {
      ...(tailEvents !== 0 && { events: tailEvents }),
      ...(tailId !== "" && { afterId: tailId }),
      ...(tailSeconds !== 0 && { seconds: tailSeconds }),
    };
    for await (const event of deps.events.watch({ tail, actorId: withActorId, signal })) {
      const { id, actorId, typeUrl, value } = event;
      yield { id, actorId, data: { typeUrl, value } };
    }
  },
});
