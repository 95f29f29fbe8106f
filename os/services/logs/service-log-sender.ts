import type { Clock } from "../../../cosi/clock.ts";
import type { LogBook } from "./log-book.ts";
import { SteadySink, type SteadySinkOptions } from "./steady-sink.ts";

export interface ServiceLogSenderOptions {
  readonly url: string;
  /** Stands in each line. */
  readonly tags: Readonly<Record<string, string>>;
  readonly logs: Pick<LogBook, "follow" | "open">;
  readonly open: SteadySinkOptions["open"];
  readonly clock: Clock;
}

/** Sends what all services say and have said, as far as it is kept: a line of JSON for each of theirs. */
export function sendServiceLogs({ tags, logs, ...server }: ServiceLogSenderOptions): AsyncDisposable {
  const end = new AbortController();
  const { signal } = end;
  const sending = send().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });

  async function send(): Promise<void> {
    await using sink = new SteadySink({ ...server, signal });
    const services: Promise<void>[] = [];
    for await (const id of logs.follow(signal)) services.push(sendAll(id, sink));
    await Promise.all(services);
  }

  async function sendAll(id: string, sink: SteadySink): Promise<void> {
    try {
      for await (const { at, text } of logs.open(id).lines({ follow: true, signal }))
        await sink.send(
          `${JSON.stringify({
            ...tags,
            msg: text,
            ...{ "talos-level": "info", "talos-service": id, "talos-time": at.toISOString() },
          })}\n`,
        );
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  return {
    async [Symbol.asyncDispose]() {
      end.abort();
      await sending;
    },
  };
}
