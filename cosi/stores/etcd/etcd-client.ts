import type { Metadata } from "@grpc/grpc-js";
import type { CallOptions } from "../../../api/grpc/client.ts";
import type { ClientTls } from "../../../api/grpc/client-tls.ts";
import { type Clock, sleep } from "../../clock.ts";
import { isInconclusive, isStaleLogin } from "./call-failure.ts";
import { type Endpoint, Endpoints } from "./endpoints.ts";
import { type Credentials, Login } from "./login.ts";
import { OutcomeUnknown } from "./outcome-unknown.ts";
import { Turnstile } from "./turnstile.ts";

export interface EtcdOptions {
  /** `https://host:2379`, of all members: when one is gone, the next is used. */
  readonly endpoints: readonly string[];
  readonly tls?: ClientTls;
  readonly login?: Credentials;
  readonly clock: Clock;
  /** The deadline of one call. */
  readonly callTimeoutMs?: number;
  /** How long a read is tried, at one member after the other, and a write looks for a member to talk to. */
  readonly patienceMs?: number;
}

export type CallLimits = Required<Pick<CallOptions, "metadata" | "signal" | "deadlineMs">>;

/** A call of etcd, at the endpoint and with the options that it is given. */
export type Call<T> = (endpoint: Endpoint, options: CallLimits) => Promise<T>;

/** What one call may take, when it is not the usual. */
export interface Patience {
  readonly signal?: AbortSignal;
  readonly callTimeoutMs?: number;
  readonly patienceMs?: number;
  /** Does not wait until the calls before it are done. */
  readonly urgent?: boolean;
}

/** Patience, with what is usual filled in. */
interface Bounds {
  readonly signal: AbortSignal;
  readonly callTimeoutMs: number;
  readonly endMs: number;
}

/** A member that can be called, and who calls it. */
interface Way {
  readonly endpoint: Endpoint;
  readonly metadata: Metadata;
}

/** More calls at once are no faster, but the last of them run out of time, and are tried again: that is slower. */
const width = 128;

/** Between two attempts. */
const pauseMs = 100;

/**
 * Calls whichever member answers. What does no harm when it is done twice goes through `read`, and is tried until an
 * answer comes; a write is sent once, and if its answer is lost, that is said.
 */
export class EtcdClient implements Disposable {
  readonly clock: Clock;
  readonly #endpoints: Endpoints;
  readonly #login: Login;
  readonly #callTimeoutMs: number;
  readonly #patienceMs: number;
  readonly #turnstile = new Turnstile(width);
  readonly #closing = new AbortController();

  constructor({ endpoints, tls, login, clock, callTimeoutMs = 5000, patienceMs = 15_000 }: EtcdOptions) {
    this.clock = clock;
    this.#endpoints = new Endpoints(endpoints, tls, clock);
    this.#login = new Login(login);
    this.#callTimeoutMs = callTimeoutMs;
    this.#patienceMs = patienceMs;
  }

  /** Calls until an answer comes. */
  read<T>(call: Call<T>, { urgent = false, ...patience }: Patience = {}): Promise<T> {
    const persist = () => this.#persist(call, this.#bounds(patience));
    return urgent ? persist() : this.#turnstile.pass(persist);
  }

  /** Calls once. Throws OutcomeUnknown if the request may have been carried out although no answer came. */
  write<T>(call: Call<T>): Promise<T> {
    return this.#turnstile.pass(() => this.#callOnce(call));
  }

  /**
   * A stream, until it fails. It needs no deadline: keep-alive notices a dead member, and a living one ends its
   * streams when it has lost the others.
   */
  async *subscribe<T>(
    call: (endpoint: Endpoint, options: Omit<CallLimits, "deadlineMs">) => AsyncIterable<T>,
    signal: AbortSignal,
  ): AsyncGenerator<T, void, undefined> {
    const bounds = this.#bounds({ signal });
    const way = await this.#way(bounds);
    try {
      yield* call(way.endpoint, { metadata: way.metadata, signal: bounds.signal });
    } catch (error) {
      if (!bounds.signal.aborted) this.#learn(error, way);
      throw error;
    }
  }

  /** Ends everything that is under way. */
  [Symbol.dispose](): void {
    this.#closing.abort(new Error("the connection to etcd has been closed"));
    this.#endpoints[Symbol.dispose]();
  }

  async #persist<T>(call: Call<T>, bounds: Bounds): Promise<T> {
    for (;;) {
      try {
        return await this.#attempt(bounds, call);
      } catch (error) {
        await this.#pauseAfter(error, bounds);
      }
    }
  }

  async #callOnce<T>(call: Call<T>): Promise<T> {
    let sent = false;
    try {
      return await this.#attempt(this.#bounds({}), (endpoint, options) => {
        sent = true;
        return call(endpoint, options);
      });
    } catch (error) {
      if (!sent || !isInconclusive(error)) throw error;
      throw new OutcomeUnknown(`Cannot tell whether etcd has written: ${error.message}`, { cause: error });
    }
  }

  /** Logs in again, once, if etcd refuses the token: it did nothing else then. */
  async #attempt<T>(bounds: Bounds, call: Call<T>): Promise<T> {
    const way = await this.#way(bounds);
    try {
      return await call(way.endpoint, optionsOf(way, bounds));
    } catch (error) {
      if (!this.#learn(error, way)) throw error;
    }
    const anew = await this.#way(bounds);
    return call(anew.endpoint, optionsOf(anew, bounds));
  }

  /** Remembers what a failure says about the way that was gone. True if another login may help. */
  #learn(error: unknown, { endpoint, metadata }: Way): boolean {
    if (isInconclusive(error)) this.#endpoints.avoid(endpoint);
    return isStaleLogin(error) && this.#login.forget(metadata);
  }

  async #way(bounds: Bounds): Promise<Way> {
    for (;;) {
      const endpoint = await this.#endpoints.connected(bounds.endMs, bounds.signal);
      try {
        const options = { signal: bounds.signal, deadlineMs: bounds.callTimeoutMs };
        return { endpoint, metadata: await this.#login.metadata(endpoint, options) };
      } catch (error) {
        this.#endpoints.avoid(endpoint);
        await this.#pauseAfter(error, bounds);
      }
    }
  }

  /** Rethrows what trying again will not change, or not in time. */
  async #pauseAfter(error: unknown, { signal, endMs }: Bounds): Promise<void> {
    signal.throwIfAborted();
    const leftMs = endMs - this.clock.elapsedMs();
    if (!isInconclusive(error) || leftMs <= 0) throw error;
    await sleep(this.clock, Math.min(pauseMs, leftMs), signal);
  }

  #bounds({
    signal,
    callTimeoutMs = this.#callTimeoutMs,
    patienceMs = this.#patienceMs,
  }: Omit<Patience, "urgent">): Bounds {
    const closing = this.#closing.signal;
    return {
      signal: signal ? AbortSignal.any([signal, closing]) : closing,
      callTimeoutMs,
      endMs: this.clock.elapsedMs() + patienceMs,
    };
  }
}

const optionsOf = ({ metadata }: Way, { signal, callTimeoutMs }: Bounds): CallLimits => ({
  metadata,
  signal,
  deadlineMs: callTimeoutMs,
});
