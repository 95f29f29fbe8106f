import { type ChannelCredentials, Client } from "@grpc/grpc-js";
import { maxMessageBytes } from "./server.ts";

export interface ChannelOptions {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  /** ClientTlsCredentials; plaintext only for unix sockets and tests. */
  readonly credentials: ChannelCredentials;
  /** Sends a ping on a quiet connection this often, so that a dead peer is noticed. */
  readonly keepAliveMs?: number;
  /** An HTTP proxy, `host:port`. The environment's are never used: nodes are not beyond them. */
  readonly proxy?: string | undefined;
  /** The longest pause between attempts to connect, which grow; while it lasts, calls fail at once. */
  readonly maxReconnectMs?: number;
}

/** A connection to one server, made when the first call needs it and again when it broke. */
export interface Channel extends Disposable {
  readonly transport: Client;
}

export function openChannel(options: ChannelOptions): Channel {
  const { address, credentials, keepAliveMs, maxReconnectMs, proxy } = options;
  const transport = new Client(proxy ?? address, credentials, {
    "grpc.enable_http_proxy": 0,
    ...(proxy !== undefined && { "grpc.http_connect_target": `dns:${address}` }),
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    ...(keepAliveMs === undefined ? {} : { "grpc.keepalive_time_ms": keepAliveMs }),
    ...(maxReconnectMs === undefined ? {} : { "grpc.max_reconnect_backoff_ms": maxReconnectMs }),
  });
  return { transport, [Symbol.dispose]: () => transport.close() };
}
