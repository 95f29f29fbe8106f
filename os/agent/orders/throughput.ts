import { connect as connectTcp } from "node:net";
import type { Clock } from "../../../cosi/clock.ts";

/** Somewhere that takes what it is sent. */
export interface Sink extends Disposable {
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
}

export type Connect = (host: string, port: number, signal: AbortSignal) => Promise<Sink>;

interface Sending {
  readonly connect: () => Promise<Sink>;
  readonly clock: Pick<Clock, "elapsedMs">;
  readonly signal: AbortSignal;
  readonly progress: (doneMs: number, ofMs: number) => void;
}

const piece = new Uint8Array(256 * 1024);

/** Sends as fast as the other side takes it, for so long. */
export async function sendFor(
  durationMs: number,
  { connect, clock, signal, progress }: Sending,
): Promise<{ readonly bytes: number; readonly elapsedMs: number }> {
  using sink = await connect();
  const startedMs = clock.elapsedMs();
  let bytes = 0;
  for (;;) {
    signal.throwIfAborted();
    const elapsedMs = clock.elapsedMs() - startedMs;
    progress(Math.min(elapsedMs, durationMs), durationMs);
    if (elapsedMs >= durationMs) return { bytes, elapsedMs };
    await sink.write(piece);
    bytes += piece.length;
  }
}

/** Over TCP. Aborting the signal ends it at once. */
export const connectSink: Connect = (host, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, signal });
    socket.on("error", reject);
    socket.once("connect", () =>
      resolve({
        write: (bytes) =>
          new Promise((written, failed) => {
            socket.write(bytes, (error) => (error ? failed(error) : written()));
          }),
        [Symbol.dispose]: () => socket.destroy(),
      }),
    );
  });
