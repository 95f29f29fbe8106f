import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { CallCredentials, ChannelCredentials } from "@grpc/grpc-js";

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
    return new Promise((resolve, reject) => {
      const secured = connect(
        {
          socket,
          ALPNProtocols: ["h2"],
          minVersion: "TLSv1.2",
          // The one place where Node's own verdict is not asked for. Ours follows; the world's authorities need not be read.
          rejectUnauthorized: false,
          ca: [],
          ...(servername === undefined ? {} : { servername }),
        },
        () => {
          const refusal = this.refusalOf(secured);
          if (refusal === undefined) return resolve({ socket: secured, secure: true });
          secured.destroy();
          reject(new Error(refusal));
        },
      );
      secured.on("error", reject);
    });
  }
}
