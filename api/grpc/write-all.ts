import { once } from "node:events";
import type { Writable } from "node:stream";

/**
 * Writes what `messages` yields, no faster than the other side reads: grpc-js buffers without bound when
 * `drain` is not awaited. Stops, and tells the source to, when `signal` aborts.
 */
export async function writeAll(
  stream: Writable,
  messages: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const source = messages[Symbol.asyncIterator]();
  let stop: (() => void) | undefined;
  const onAbort = () => stop?.();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      // Not Promise.race with one lasting promise: it would keep a reaction for every message sent.
      const next = await new Promise<IteratorResult<unknown> | "stopped">((resolve, reject) => {
        stop = () => resolve("stopped");
        source.next().then(resolve, reject);
      });
      if (next === "stopped") {
        // A generator inside its own await ends when that await does, so there is nothing to wait for here.
        source.return?.().catch(() => {});
        return;
      }
      if (next.done) return;
      if (!stream.write(next.value)) await drained(stream, signal);
    }
    await source.return?.();
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  try {
    await once(stream, "drain", { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
