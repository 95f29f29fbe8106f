import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TimeService } from "../../../api/gen/time/time_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import { type ServedService, serve } from "../../../api/grpc/serve.ts";
import { one } from "./machine/handler.ts";

export interface TimeDependencies {
  readonly now: () => Date;
  /** Those that the node follows. */
  readonly timeServers: () => Promise<readonly string[]>;
  /** How far our clock is behind the server's; a sentence when it cannot be told. */
  readonly offsetOf: (server: string, signal: AbortSignal) => Promise<number | string>;
}

const usualServer = "time.cloudflare.com";

export function timeService({ now, timeServers, offsetOf }: TimeDependencies): ServedService {
  async function compare(server: string, signal: AbortSignal) {
    const offsetMs = await offsetOf(server, signal);
    if (typeof offsetMs === "string")
      throw new GrpcError("unknown", `error querying NTP server ${JSON.stringify(server)}: ${offsetMs}`);
    const local = now().getTime();
    return one({
      server,
      localtime: timestampFromMs(local),
      remotetime: timestampFromMs(Math.round(local + offsetMs)),
    });
  }
  return serve(TimeService, {
    time: async (_, { signal }) => compare((await timeServers())[0] ?? usualServer, signal),
    timeCheck({ server }, { signal }) {
      if (server === "") throw new GrpcError("invalidArgument", "ntp server is required");
      return compare(server, signal);
    },
  });
}
