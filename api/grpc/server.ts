import { Server, type ServerCredentials } from "@grpc/grpc-js";
import { admitOnly } from "./admission.ts";
import { GrpcError } from "./error.ts";
import type { Carrier, ServedService } from "./serve.ts";
import { ServerTlsCredentials } from "./server-tls.ts";

export interface ServerOptions {
  /** `host:port` (port 0 takes any free one) or `unix:/path`. */
  readonly address: string;
  /** ServerTlsCredentials; plaintext only for unix sockets and tests. */
  readonly credentials: ServerCredentials;
  readonly services: readonly ServedService[];
  /** Told of what a handler threw that was no GrpcError: a bug, or a fault nobody foresaw. */
  readonly unexpected: (error: unknown, path: string) => void;
  /** How long calls may take to stop when the server closes. */
  readonly graceMs?: number;
}

export interface OpenServer extends AsyncDisposable {
  readonly port: number;
  /** Ends all connections, so that clients look for another server; new ones are taken as before. */
  readonly drop: () => void;
}

/** The largest message either way: what Talos's own proxy lets through. */
export const maxMessageBytes = 32 * 1024 * 1024;

/** Serves until disposed: then calls are told to stop, waited for, and cut off after the grace period. */
export async function openServer(options: ServerOptions): Promise<OpenServer> {
  const { address, credentials, services, unexpected, graceMs = 5_000 } = options;
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
  });
  if (credentials instanceof ServerTlsCredentials && credentials.admits)
    admitOnly(server, credentials.admits);
  const calls = new Map<AbortController, Promise<void>>();
  const carrier: Carrier = {
    unexpected,
    own(path, abort, finished) {
      const done = finished
        .catch((error: unknown) => unexpected(error, path))
        .finally(() => calls.delete(abort));
      calls.set(abort, done);
    },
  };
  for (const service of services) service.register(server, carrier);

  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(address, credentials, (error, port) =>
      error
        ? reject(new Error(`Cannot serve gRPC on ${address}: ${error.message}`, { cause: error }))
        : resolve(port),
    ),
  );

  return {
    port,
    drop: () => server.drain(address.replace(/:0$/, `:${port}`), 0),
    async [Symbol.asyncDispose]() {
      for (const abort of calls.keys()) abort.abort(new GrpcError("unavailable", "the server is closing"));
      const closed = Promise.withResolvers<void>();
      server.tryShutdown(() => closed.resolve());
      const force = setTimeout(() => {
        server.forceShutdown();
        // Node waits for the other side's end of a session that is closing; a machine that lost power sends none.
        closed.resolve();
      }, graceMs);
      await closed.promise;
      clearTimeout(force);
      await Promise.all(calls.values());
    },
  };
}
