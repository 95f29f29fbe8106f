import type { Http2SecureServer } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { Server, ServerCredentials } from "@grpc/grpc-js";

/** Whether a client whose certificate (DER) is verified may come in; it showed none where none is required. */
export type Admits = (certificate: Uint8Array | undefined) => boolean;

/** What grpc-js calls to listen. Its own credentials can ask nothing of a client beyond what Node verifies. */
interface Listening {
  createHttp2Server(credentials: ServerCredentials): Http2SecureServer;
}

/** Hangs up on clients that are not admitted, at the end of the handshake: where Node itself does with bad certificates. */
export function admitOnly(server: Server, admits: Admits): void {
  const listening = server as unknown as Listening;
  const create = listening.createHttp2Server.bind(server);
  listening.createHttp2Server = (credentials) => {
    const http2 = create(credentials);
    const takers = http2.listeners("secureConnection");
    http2.removeAllListeners("secureConnection");
    http2.on("secureConnection", (socket: TLSSocket) => {
      if (!admits(socket.getPeerX509Certificate()?.raw)) return socket.destroy();
      for (const take of takers) take.call(http2, socket);
      return undefined;
    });
    return http2;
  };
}
