import { type ChannelCredentials, Metadata } from "@grpc/grpc-js";
import { type Channel, openChannel } from "../../../api/grpc/channel.ts";
import { callInBytes } from "../../../api/grpc/client.ts";
import { GrpcError } from "../../../api/grpc/error.ts";
import type { Call } from "../../../api/grpc/handlers.ts";
import { type Caller, rolesHeader } from "./access.ts";
import { forwardedHeader } from "./routing.ts";

export interface ForwarderOptions {
  /** What other nodes let act for a client: a certificate with the role of an impersonator. */
  readonly credentials: () => ChannelCredentials;
  /** Where a node's API listens. */
  readonly addressOf: (node: string) => string;
}

/** Passes calls on to other nodes as bytes, in the name of whoever made them. */
export class Forwarder implements Disposable {
  readonly #options: ForwarderOptions;
  readonly #channels = new Map<string, Channel>();

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** Forgets the connections, for credentials that have changed. What is under way ends as it will. */
  renew(): void {
    for (const channel of this.#channels.values()) channel[Symbol.dispose]();
    this.#channels.clear();
  }

  [Symbol.dispose](): void {
    this.renew();
  }

  call(
    node: string,
    requests: AsyncIterable<Uint8Array>,
    call: Call,
    caller: Caller,
  ): AsyncIterable<Uint8Array> {
    const metadata = passedOn(call.metadata, caller);
    return callInBytes(this.#channel(node), call.path)(requests, { metadata, signal: call.signal });
  }

  #channel(node: string): Channel {
    const known = this.#channels.get(node);
    if (known) return known;
    if (!/^[\w.:%-]+$/.test(node)) throw new GrpcError("invalidArgument", `${node} is no name or address`);
    const channel = openChannel({
      address: this.#options.addressOf(node),
      credentials: this.#options.credentials(),
      // A node that restarts must not be thought gone for longer than its restart.
      maxReconnectMs: 15_000,
      keepAliveMs: 30_000,
    });
    this.#channels.set(node, channel);
    return channel;
  }
}

/** HTTP's and gRPC's own headers are each connection's own. */
const own = /^(:|grpc-|te$|content-type$|user-agent$|node$|nodes$)/;

function passedOn(metadata: Metadata, { roles }: Caller): Metadata {
  const passed = new Metadata();
  for (const key of Object.keys(metadata.getMap())) {
    if (!own.test(key)) for (const value of metadata.get(key)) passed.add(key, value);
  }
  passed.remove(rolesHeader);
  for (const role of roles) passed.add(rolesHeader, role);
  passed.set(forwardedHeader, "ingot");
  return passed;
}
