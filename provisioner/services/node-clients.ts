// Connections to the nodes of our clusters: one for each node, made when it is first asked for and kept while it is of
// use. We are a client like any other: a certificate of the cluster's own authority, with a short life.
import { isIPv6 } from "node:net";
import { type Channel, openChannel } from "../../api/grpc/channel.ts";
import { ClientTlsCredentials } from "../../api/grpc/client-tls.ts";
import type { Clock } from "../../cosi/clock.ts";
import { machineAuthority, type SecretsBundle } from "../../machine-config/generate/secrets.ts";
import { hour } from "../../pki/lifetimes.ts";
import type { Role } from "../../pki/roles.ts";

export interface NodeClientsOptions {
  readonly clock: Pick<Clock, "now" | "elapsedMs">;
  /** Of a cluster; undefined while they are being made. */
  readonly secretsOf: (cluster: string) => Promise<SecretsBundle | undefined>;
  /** Instead of 50000. */
  readonly port?: number;
}

const nodeApiPort = 50_000;
const lifeMs = 4 * hour;
/** What nobody asked for so long is closed. */
const idleMs = 10 * 60_000;
const keepAliveMs = 60_000;
/** A connection that broke is tried again when it is next asked for, and not much later. */
const maxReconnectMs = 5_000;

interface Open {
  readonly channel: Channel;
  /** By which it was opened: renewed before they expire. */
  readonly credentials: Promise<ClientTlsCredentials | undefined>;
  usedMs: number;
}

export class NodeClients implements Disposable {
  /** Where every node's API is. */
  readonly port: number;
  readonly #options: NodeClientsOptions;
  readonly #channels = new Map<string, Open>();
  readonly #credentials = new Map<
    string,
    { readonly made: Promise<ClientTlsCredentials | undefined>; readonly madeMs: number }
  >();
  #lookedMs = 0;

  constructor(options: NodeClientsOptions) {
    this.#options = options;
    this.port = options.port ?? nodeApiPort;
  }

  /** For Prometheus. */
  metrics(): string {
    return [
      "# HELP ingot_node_connections Connections to nodes of our clusters.",
      "# TYPE ingot_node_connections gauge",
      `ingot_node_connections ${this.#channels.size}`,
      "",
    ].join("\n");
  }

  /** To a node, as one with that role; undefined while its cluster has no secrets. */
  async channel(cluster: string, host: string, role: Role): Promise<Channel | undefined> {
    const nowMs = this.#options.clock.elapsedMs();
    this.#closeIdle(nowMs);
    const credentials = this.#credentialsFor(cluster, role, nowMs);
    const key = `${cluster} ${role} ${host}`;
    const open = this.#channels.get(key);
    if (open?.credentials === credentials) {
      open.usedMs = nowMs;
      return open.channel;
    }
    const made = await credentials;
    if (!made) return undefined;
    // Another may have come here first, while we waited.
    const other = this.#channels.get(key);
    if (other?.credentials === credentials) return other.channel;
    other?.channel[Symbol.dispose]();
    const address = `${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
    const channel = openChannel({ address, credentials: made, keepAliveMs, maxReconnectMs });
    this.#channels.set(key, { channel, credentials, usedMs: nowMs });
    return channel;
  }

  #credentialsFor(cluster: string, role: Role, nowMs: number) {
    const key = `${cluster} ${role}`;
    const known = this.#credentials.get(key);
    if (known && nowMs - known.madeMs < lifeMs / 2) return known.made;
    const made = this.#issue(cluster, role);
    this.#credentials.set(key, { made, madeMs: nowMs });
    // What could not be made is tried again by whoever asks next.
    const forget = () => {
      if (this.#credentials.get(key)?.made === made) this.#credentials.delete(key);
    };
    made.then((credentials) => credentials ?? forget(), forget);
    return made;
  }

  async #issue(cluster: string, role: Role): Promise<ClientTlsCredentials | undefined> {
    const { clock, secretsOf } = this.#options;
    const secrets = await secretsOf(cluster);
    if (!secrets) return undefined;
    const authority = machineAuthority(secrets, clock);
    const { certificate, key } = await authority.issue({
      organization: [role],
      purposes: ["clientAuth"],
      lifetimeMs: lifeMs,
    });
    return new ClientTlsCredentials({
      authorities: authority.certificate.pem,
      identity: { certificate: certificate.pem, key: key.pkcs8Pem },
    });
  }

  #closeIdle(nowMs: number): void {
    if (nowMs - this.#lookedMs < idleMs / 10) return;
    this.#lookedMs = nowMs;
    for (const [key, { channel, usedMs }] of this.#channels) {
      if (nowMs - usedMs < idleMs) continue;
      channel[Symbol.dispose]();
      this.#channels.delete(key);
    }
  }

  [Symbol.dispose](): void {
    for (const { channel } of this.#channels.values()) channel[Symbol.dispose]();
    this.#channels.clear();
  }
}
