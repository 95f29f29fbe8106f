import { GrpcError } from "../../../../api/grpc/error.ts";
import type { LogBook } from "../../logs/log-book.ts";
import { type MachineHandlers, one } from "./handler.ts";

export const logs = (deps: {
  readonly logs: Pick<LogBook, "find" | "ids">;
}): MachineHandlers<"logs" | "logsContainers"> => ({
  async *logs({ namespace, id, follow, tailLines }, { signal }) {
    if (namespace !== "system" && id !== "kubelet") {
      throw new GrpcError("unimplemented", `there are no containers in namespace ${namespace} on this node`);
    }
    const log = deps.logs.find(id);
    if (!log) throw new GrpcError("notFound", `log ${JSON.stringify(id)} was not registered`);
    const reading = { follow, signal, ...(tailLines >= 0 && { tailLines }) };
    for await (const bytes of log.read(reading)) yield { bytes };
  },

  logsContainers: () => Promise.resolve(one({ ids: [...deps.logs.ids] })),
});
