import type { Socket } from "node:net";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { CallCredentials, ChannelCredentials } from "@grpc/grpc-js";
import { shakeHands } from "./shake-hands.ts";

/** TLS whose server is judged by us and not by Node, which knows authorities and a clock alone. */
export abstract class JudgedTlsCredentials extends ChannelCredentials {
  /** Sent by name; none to a server that is known by address. */
  protected readonly servername: string | undefined;

  /** Why the server at the other end is not to be trusted; undefined when it is. */
  protected abstract refusalOf(socket: TLSSocket): string | undefined;

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(_target: unknown, _options: unknown, callCredentials?: CallCredentials) {
    return {
      connect: (socket: Socket) => this.#connect(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials ?? CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }

  #connect(socket: Socket): Promise<{ socket: Socket; secure: boolean }> {
    const { servername } = this;
    const options: ConnectionOptions = {
      minVersion: "TLSv1.2",
      // The one place where Node's own verdict is not asked for. Ours follows; the world's authorities need not be read.
      rejectUnauthorized: false,
      ca: [],
      ...(servername === undefined ? {} : { servername }),
    };
    return shakeHands(socket, options, { refusalOf: (secured) => this.refusalOf(secured) });
  }
}
