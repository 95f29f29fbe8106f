import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { GrpcError } from "../../../../api/grpc/error.ts";
import type { Operation, ServiceStanding } from "../../supervisor/service.ts";
import { OperationRefused, type Supervisor } from "../../supervisor/supervisor.ts";
import { type MachineHandlers, one } from "./handler.ts";

type Names = "serviceList" | "serviceStart" | "serviceStop" | "serviceRestart";

export const services = ({
  services: supervisor,
}: {
  readonly services: Pick<Supervisor, "standings" | "operate">;
}): MachineHandlers<Names> => {
  const operate = async (operation: Operation, id: string, done: string) => {
    await supervisor.operate(operation, id).catch((cause: unknown) => {
      if (!(cause instanceof OperationRefused)) throw cause;
      const code = cause.why === "unknown" ? "notFound" : "failedPrecondition";
      throw new GrpcError(code, cause.message, { cause });
    });
    return one({ resp: `Service ${JSON.stringify(id)} ${done}` });
  };
  return {
    serviceList: () => Promise.resolve(one({ services: supervisor.standings.map(serviceInfo) })),
    serviceStart: ({ id }) => operate("start", id, "started"),
    serviceStop: ({ id }) => operate("stop", id, "stopped"),
    serviceRestart: ({ id }) => operate("restart", id, "restarted"),
  };
};

const serviceInfo = ({ id, state, changes, health }: ServiceStanding) => ({
  id,
  state,
  events: {
    events: changes.map(({ state, message, at }) => ({ state, msg: message, ts: timestampFromDate(at) })),
  },
  health: {
    unknown: !health.known,
    healthy: health.healthy,
    lastMessage: health.message,
    lastChange: timestampFromDate(health.changed),
  },
});
