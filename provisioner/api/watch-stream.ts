// Changes as server-sent events, until the caller goes. Each event's id is a bookmark: whoever comes back with it
// (`Last-Event-ID`) misses nothing.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import type { ApiKind } from "./catalog.ts";
import { Problem } from "./problem.ts";
import { type Reader, termsOf } from "./reader.ts";
import type { Answer, ApiRequest } from "./route.ts";

export interface WatchStreamsOptions {
  readonly state: State;
  readonly reader: Reader;
  readonly clock: Clock;
  /** Open ones, of all callers and of one. */
  readonly mostStreams?: number;
  readonly mostOfOne?: number;
  readonly heartbeatMs?: number;
}

export class WatchStreams {
  readonly #options: Required<WatchStreamsOptions>;
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor(options: WatchStreamsOptions) {
    this.#options = { mostStreams: 500, mostOfOne: 50, heartbeatMs: 15_000, ...options };
  }

  answer(kind: ApiKind, request: ApiRequest): Answer {
    const { mostStreams, mostOfOne } = this.#options;
    const { who, query } = request;
    const ours = this.#open.get(who.token) ?? 0;
    if (this.#total >= mostStreams || ours >= mostOfOne) {
      throw new Problem(429, "too many watches are open", { headers: { "retry-after": "30" } });
    }
    const labels = termsOf(query);
    return { stream: (response) => this.#serve(kind, request, labels, response) };
  }

  async #serve(
    kind: ApiKind,
    { who, header, query, signal }: ApiRequest,
    labels: ReturnType<typeof termsOf>,
    response: ServerResponse,
  ): Promise<void> {
    const { state, reader, clock, heartbeatMs } = this.#options;
    this.#total += 1;
    this.#open.set(who.token, (this.#open.get(who.token) ?? 0) + 1);
    const stop = new AbortController();
    const all = AbortSignal.any([signal, stop.signal]);
    const after = header("last-event-id") ?? query.get("after") ?? undefined;
    let beat: Disposable | undefined;
    const heartbeat = () => {
      // One that takes nothing any more is not waited for, and what waits for it is dropped.
      if (response.writableLength > 0) {
        response.destroy();
        return stop.abort();
      }
      response.write(": \n\n");
      beat = clock.after(heartbeatMs, heartbeat);
    };
    try {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.flushHeaders();
      beat = clock.after(heartbeatMs, heartbeat);
      const from = after === undefined ? ("contents" as const) : { after };
      for await (const events of state.watch(kind.type, { signal: all, from, query: { labels } })) {
        for (const event of events) {
          const view = event.type === "bootstrapped" ? {} : await reader.told(kind, who, event);
          if (view === undefined) continue;
          const text = `id: ${event.bookmark}\nevent: ${event.type}\ndata: ${JSON.stringify(view)}\n\n`;
          if (!response.write(text)) await once(response, "drain", { signal: all });
        }
      }
    } catch (error) {
      if (!all.aborted) {
        const { status, message } = Problem.from(error);
        response.write(`event: failed\ndata: ${JSON.stringify({ status, detail: message })}\n\n`);
      }
    } finally {
      beat?.[Symbol.dispose]();
      this.#total -= 1;
      const left = this.#open.get(who.token)! - 1;
      if (left === 0) this.#open.delete(who.token);
      else this.#open.set(who.token, left);
      response.end();
    }
  }
}
