import { GrpcError } from "../../../api/grpc/error.ts";
import type { Call } from "../../../api/grpc/handlers.ts";
import { type ServedService, serveInBytes } from "../../../api/grpc/serve.ts";
import { type Caller, mayCall } from "./access.ts";
import { aggregate } from "./aggregate.ts";
import type { Forwarder } from "./forwarder.ts";
import type { InFlight } from "./in-flight.ts";
import { routeOf } from "./routing.ts";

export interface GateOptions {
  /** Who makes a call; undefined for nobody whom we know. */
  readonly callerOf: (call: Call) => Caller | undefined;
  /** Whether the machine has its whole config. */
  readonly isConfigured: () => boolean;
  /** Undefined where nothing may be forwarded. */
  readonly forwarder: () => Forwarder | undefined;
  /** Whether a name or an address is this node's. */
  readonly isHere: (node: string) => boolean;
  /** Without: everything is answered here, whatever node is asked for. */
  readonly routes: boolean;
  /** Counts the calls that have one answer; streams last as long as somebody watches. */
  readonly inFlight: InFlight;
}

/** The service, behind a gate that sends each call where it belongs and turns away whom it is not for. */
export function gated(served: ServedService, options: GateOptions): ServedService {
  const { callerOf, isConfigured, isHere, routes } = options;
  return serveInBytes(served.service, async function* (method, requests, call) {
    using _ = method.methodKind === "unary" ? options.inFlight.enter() : undefined;
    const caller = callerOf(call);
    if (!caller) throw new GrpcError("permissionDenied", "not authorized");

    async function* here(asked: AsyncIterable<Uint8Array>) {
      if (!mayCall(caller!, call.path, { isConfigured: isConfigured() })) {
        throw new GrpcError("permissionDenied", "not authorized");
      }
      yield* served.answer(method, asked, call);
    }

    const forwarder = options.forwarder();
    // Other nodes judge for themselves what this client may do there.
    const at = (node: string, asked: AsyncIterable<Uint8Array>) =>
      isHere(node) ? here(asked) : forwarder!.call(node, asked, call, caller);

    const route = routes
      ? routeOf(call.metadata, call.path, { mayForward: forwarder !== undefined, isHere })
      : { to: "here" as const };
    switch (route.to) {
      case "here":
        return yield* here(requests);
      case "one":
        return yield* at(route.node, requests);
      case "many":
        return yield* aggregate(route.nodes, method, requests, at);
      case "nobody":
        throw new GrpcError(route.code, route.why);
    }
  });
}
