import { type ChannelCredentials, Client as Connection, connectivityState, credentials } from "@grpc/grpc-js";
import { Auth } from "../../../api/gen/etcd/auth_pb.js";
import { KV } from "../../../api/gen/etcd/kv_pb.js";
import { Lease } from "../../../api/gen/etcd/lease_pb.js";
import { Maintenance } from "../../../api/gen/etcd/maintenance_pb.js";
import { Watch } from "../../../api/gen/etcd/watch_pb.js";
import { type Client, client } from "../../../api/grpc/client.ts";
import { type ClientTls, ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import { GrpcError } from "../../../api/grpc/error.ts";
import { type Clock, sleep } from "../../clock.ts";

/** One member of a cluster, as a way in. */
export interface Endpoint {
  readonly connection: Connection;
  readonly auth: Client<typeof Auth>;
  readonly kv: Client<typeof KV>;
  readonly lease: Client<typeof Lease>;
  readonly maintenance: Client<typeof Maintenance>;
  readonly watch: Client<typeof Watch>;
}

/** How long one endpoint may take to connect while there are others to try. */
const connectTimeoutMs = 2000;

/** Between two rounds in which no endpoint answered. */
const pauseMs = 100;

const connectionOptions = {
  // A member that is gone without a word (power, cable) is noticed within 10 s. etcd ends the connection of who
  // pings it more often than every 5 s.
  "grpc.keepalive_time_ms": 6000,
  "grpc.keepalive_timeout_ms": 4000,
  // Left to itself, grpc-js waits up to two minutes before it tries a restarted member again.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
  // etcd's own limits are enough: a page of a list may be larger than what grpc-js allows.
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  // Two clients in one process must not share a connection, and fail together.
  "grpc.use_local_subchannel_pool": 1,
};

/** All members; one is used until it fails, then the next. */
export class Endpoints implements Disposable {
  readonly #clock: Clock;
  readonly #all: readonly Endpoint[];
  #current = 0;

  constructor(urls: readonly string[], tls: ClientTls | undefined, clock: Clock) {
    this.#clock = clock;
    this.#all = urls.map((url) => endpoint(url, tls));
  }

  /** A connected endpoint; nothing has been sent to it yet. Throws when none can be connected in time. */
  async connected(endMs: number, signal: AbortSignal): Promise<Endpoint> {
    for (;;) {
      for (let tried = 0; tried < this.#all.length; tried++) {
        signal.throwIfAborted();
        const endpoint = this.#all[this.#current]!;
        const leftMs = endMs - this.#clock.elapsedMs();
        if (await this.#connects(endpoint, Math.min(leftMs, connectTimeoutMs))) return endpoint;
        this.avoid(endpoint);
      }
      if (this.#clock.elapsedMs() >= endMs) {
        const reasons = await Promise.all(this.#all.map(whyNot));
        throw new GrpcError("unavailable", `no endpoint of etcd can be connected: ${reasons.join("; ")}`);
      }
      await sleep(this.#clock, pauseMs, signal);
    }
  }

  /** Turns to the next endpoint, unless someone has done so already. */
  avoid(endpoint: Endpoint): void {
    if (this.#all[this.#current] === endpoint) this.#current = (this.#current + 1) % this.#all.length;
  }

  async #connects({ connection }: Endpoint, timeoutMs: number): Promise<boolean> {
    const channel = connection.getChannel();
    const deadline = this.#clock.now().getTime() + timeoutMs;
    for (;;) {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return true;
      if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) return false;
      const changed = await new Promise<boolean>((resolve) =>
        channel.watchConnectivityState(state, deadline, (timedOut) => resolve(!timedOut)),
      );
      if (!changed) return false;
    }
  }

  [Symbol.dispose](): void {
    for (const { connection } of this.#all) connection.close();
  }
}

/** grpc-js says why it has no connection only to who makes a call. */
async function whyNot({ maintenance, connection }: Endpoint): Promise<string> {
  const address = connection.getChannel().getTarget().replace(/^dns:/, "");
  try {
    await maintenance.status({}, { deadlineMs: 100 });
    return `${address} answers now`;
  } catch (error) {
    return `${address} ${GrpcError.from(error).details}`;
  }
}

function endpoint(url: string, tls: ClientTls | undefined): Endpoint {
  const { protocol, host } = new URL(url);
  const connection = new Connection(host, channelCredentials(url, protocol, tls), connectionOptions);
  const channel = { transport: connection, [Symbol.dispose]: () => connection.close() };
  return {
    connection,
    auth: client(Auth, channel),
    kv: client(KV, channel),
    lease: client(Lease, channel),
    maintenance: client(Maintenance, channel),
    watch: client(Watch, channel),
  };
}

function channelCredentials(url: string, protocol: string, tls: ClientTls | undefined): ChannelCredentials {
  if (protocol === "http:") return credentials.createInsecure();
  if (protocol !== "https:")
    throw new Error(`Cannot connect to etcd: ${url} is neither https:// nor http://`);
  if (!tls) throw new Error(`Cannot connect to etcd: ${url} needs the authority that signed its certificate`);
  return new ClientTlsCredentials(tls);
}
