import type { Socket } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";

export interface Handshake {
  /** Why the server at the other end is not to be trusted; undefined when it is. */
  readonly refusalOf?: (secured: TLSSocket) => string | undefined;
  /** As long as gRPC would have any attempt to connect last. */
  readonly patienceMs?: number;
}

/** After so long a connection without a word is asked whether there is anybody: a machine that has restarted says no. */
const quietMs = 10_000;

/**
 * TLS over a socket, for HTTP/2. A machine that loses its power after it took the connection never says anything more, and
 * nothing is on its way to it that could be missed: TCP alone would wait for it for ever.
 */
export function shakeHands(
  socket: Socket,
  options: ConnectionOptions,
  { refusalOf, patienceMs = 20_000 }: Handshake = {},
): Promise<{ socket: Socket; secure: boolean }> {
  socket.setKeepAlive(true, quietMs);
  return new Promise((resolve, reject) => {
    const secured = connect({ ...options, socket, ALPNProtocols: ["h2"] }, () => {
      secured.setTimeout(0);
      const refusal = refusalOf?.(secured);
      if (refusal === undefined) return resolve({ socket: secured, secure: true });
      secured.destroy();
      reject(new Error(refusal));
    });
    secured.setTimeout(patienceMs, () =>
      secured.destroy(
        new Error(`the server took the connection, and said nothing for ${patienceMs / 1000} s`),
      ),
    );
    secured.on("error", reject);
  });
}
