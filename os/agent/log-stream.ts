import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { AgentService, SendLogsRequestSchema } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import type { Client } from "../../api/grpc/client.ts";

export interface LogRecord {
  readonly at: Date;
  /** `kernel`, or the name of a service. */
  readonly source: string;
  /** Syslog's, 0 to 7. */
  readonly severity: number;
  readonly text: Uint8Array;
}

/** What has been logged since the last look, and how much was lost because nobody looked in time. */
export interface LogBatch {
  readonly records: readonly LogRecord[];
  readonly dropped: number;
}

export interface LogSource {
  /** From the oldest there is, then as they come; ends when the signal aborts. */
  follow(signal: AbortSignal): AsyncIterable<LogBatch>;
}

interface Following {
  readonly wanted: (source: string) => boolean;
  readonly signal: AbortSignal;
}

/** Sends what is wanted, on a stream of its own; it ends with the signal. */
export async function sendLogs(
  calls: Pick<Client<typeof AgentService>, "sendLogs">,
  source: LogSource,
  { wanted, signal }: Following,
): Promise<void> {
  async function* requests(): AsyncGenerator<MessageInitShape<typeof SendLogsRequestSchema>> {
    let dropped = 0;
    for await (const batch of source.follow(signal)) {
      dropped += batch.dropped;
      const lines = batch.records.filter((record) => wanted(record.source));
      if (lines.length === 0) continue;
      yield {
        lines: lines.map(({ at, ...line }) => ({ at: timestampFromDate(at), ...line })),
        dropped: BigInt(dropped),
      };
      dropped = 0;
    }
  }
  await calls.sendLogs(requests(), { signal });
}
