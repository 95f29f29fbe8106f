import { GrpcError } from "../../../api/grpc/error.ts";
import { sleep } from "../../clock.ts";
import type { Endpoint } from "./endpoints.ts";
import type { CallLimits, EtcdClient } from "./etcd-client.ts";
import { LeadershipLost } from "./leadership-lost.ts";
import { just } from "./watch.ts";

/** A lease counts as lost this long before etcd would end it: timers may be late. */
const marginMs = 500;

/** After this, giving a lease back is left to time. */
const farewellMs = 2000;

/** A lease that etcd has granted, kept alive until it is given back. What hangs on it goes when it ends. */
export class EtcdLease implements AsyncDisposable {
  readonly id: bigint;
  readonly #client: EtcdClient;
  readonly #ttlMs: number;
  readonly #over = new AbortController();
  readonly #keeping: Promise<void>;
  #expiry: Disposable | undefined;

  private constructor(client: EtcdClient, id: bigint, ttlMs: number, askedMs: number) {
    this.id = id;
    this.#client = client;
    this.#ttlMs = ttlMs;
    this.#expireAt(askedMs + ttlMs);
    this.#keeping = this.#keep();
  }

  static async grant(client: EtcdClient, ttlSeconds: number, signal: AbortSignal): Promise<EtcdLease> {
    // etcd counts from when it is asked, which can only be later. One that it granted to nobody, as its answer was
    // lost, ends by itself.
    const askedMs = client.clock.elapsedMs();
    const request = { TTL: BigInt(ttlSeconds) };
    const granted = await client.read(({ lease }, options) => lease.leaseGrant(request, options), {
      signal,
      urgent: true,
    });
    return new EtcdLease(client, granted.ID, Number(granted.TTL) * 1000, askedMs);
  }

  /** Aborts when the lease is given back, or may be lost: before etcd ends it, as far as can be told from here. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#expiry?.[Symbol.dispose]();
    this.#over.abort(new LeadershipLost("Cannot write: the lease has been given back"));
    await this.#keeping;
    try {
      await this.#client.read(({ lease }, options) => lease.leaseRevoke({ ID: this.id }, options), {
        urgent: true,
        callTimeoutMs: farewellMs,
        patienceMs: farewellMs,
      });
    } catch {
      // It has ended already, or will.
    }
  }

  async #keep(): Promise<void> {
    const { signal } = this.#over;
    // A member that does not answer must leave time to ask another.
    const patience = { signal, urgent: true, callTimeoutMs: this.#ttlMs / 4, patienceMs: this.#ttlMs };
    try {
      for (;;) {
        await sleep(this.#client.clock, this.#ttlMs / 3, signal);
        const askedMs = this.#client.clock.elapsedMs();
        const leftMs = await this.#client.read(
          (endpoint, options) => this.#renew(endpoint, options),
          patience,
        );
        this.#expireAt(askedMs + leftMs);
      }
    } catch (cause) {
      // Also how this ends when the lease is over: then it changes nothing.
      this.#over.abort(new LeadershipLost("Cannot write: the lease was not renewed", { cause }));
    }
  }

  async #renew({ lease }: Endpoint, options: CallLimits): Promise<number> {
    const request = just({ ID: this.id });
    for await (const { TTL } of lease.leaseKeepAlive(request, options)) {
      if (TTL > 0n) return Number(TTL) * 1000;
      throw new GrpcError("notFound", "etcd has ended the lease");
    }
    throw new GrpcError("unavailable", "the stream ended without an answer");
  }

  #expireAt(momentMs: number): void {
    this.#expiry?.[Symbol.dispose]();
    if (this.#over.signal.aborted) return;
    const { clock } = this.#client;
    this.#expiry = clock.after(momentMs - marginMs - clock.elapsedMs(), () =>
      this.#over.abort(new LeadershipLost("Cannot write: the lease has run out")),
    );
  }
}
