// `cosi.resource.State` over a State of ours.
import { State as StateService } from "../../api/gen/cosi/state_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import type { Call, Handlers } from "../../api/grpc/handlers.ts";
import { type ServedService, serve } from "../../api/grpc/serve.ts";
import type { Kind, Resource } from "../resource.ts";
import type { State } from "../state.ts";
import { metaTypes } from "./definitions.ts";
import type { ServedType } from "./served-type.ts";
import { watchResponses } from "./watch-responses.ts";
import { asStatus } from "./wire-errors.ts";
import { decodeQuery } from "./wire-query.ts";
import { decodeResource, encodeResource } from "./wire-resource.ts";

/** What a client is about to do. */
export interface Access {
  readonly verb: "read" | "write";
  /** The type, in the namespace that was asked for. */
  readonly type: ServedType["type"];
}

export interface StateServiceOptions {
  readonly state: State;
  readonly types: readonly ServedType[];
  /** Besides the namespace of each type, where resources may be looked for. */
  readonly namespaces?: readonly string[];
  readonly writable: boolean;
  /** Why not; undefined when it may. Roles are the business of whoever serves. */
  readonly refuse: (access: Access, call: Call) => string | undefined;
}

export function serveState(options: StateServiceOptions): ServedService {
  const { state, types, namespaces = [], writable, refuse } = options;
  const known = new Map([...metaTypes, ...types].map((served) => [served.type.type, served]));
  const spaces = new Set([...namespaces, ...[...known.values()].map(({ type }) => type.namespace)]);

  /** The type as it is in that namespace, if this client may do that with it. */
  function open(verb: Access["verb"], { namespace, type: name }: Kind, call: Call): ServedType {
    const served = known.get(name);
    // One answer for what is not there and for what may not be seen: nothing can be learned by trying names.
    if (!served || !spaces.has(namespace)) {
      throw new GrpcError("permissionDenied", `there is no type ${name} in namespace ${namespace}`);
    }
    if (verb === "write" && !writable)
      throw new GrpcError("permissionDenied", "resources are read-only here");
    const here = { ...served, type: { ...served.type, namespace } };
    const why = refuse({ verb, type: here.type }, call);
    if (why !== undefined) throw new GrpcError("permissionDenied", why);
    return here;
  }

  const reading = (kind: Kind, call: Call) => open("read", kind, call);
  const writing = (kind: Kind, call: Call) => open("write", kind, call);
  const answer = (served: ServedType, resource: Resource) => ({ resource: encodeResource(served, resource) });

  const handlers: Handlers<typeof StateService> = {
    async get(request, call) {
      const served = reading(request, call);
      return answer(served, await refusals(() => state.get(served.type, request.id)));
    },

    async *list({ options, ...kind }, call) {
      const served = reading(kind, call);
      const query = decodeQuery(options?.labelQuery ?? [], options?.idQuery);
      const { resources } = await refusals(() => state.list(served.type, query));
      for (const resource of resources) yield answer(served, resource);
    },

    async *watch(request, call) {
      const served = reading(request, call);
      try {
        yield* watchResponses(state, served, request, call.signal);
      } catch (error) {
        throw asStatus(error);
      }
    },

    async create({ resource: wire, options }, call) {
      const served = writing(kindOf(wire), call);
      const { metadata, spec } = await refusals(() => decodeResource(served, wire!));
      const { id, labels, annotations, finalizers } = metadata;
      const owned = state.as(options?.owner ?? "");
      const body = { spec, labels, annotations };
      return answer(served, await refusals(() => owned.create(served.type, id, body, { finalizers })));
    },

    async update({ newResource: wire, options }, call) {
      const served = writing(kindOf(wire), call);
      const resource = await refusals(() => decodeResource(served, wire!));
      const phase = phaseOf(options?.expectedPhase);
      const owned = state.as(options?.owner ?? "");
      return answer(served, await refusals(() => owned.replace(served.type, resource, { phase })));
    },

    async destroy({ options, ...key }, call) {
      const { type } = writing(key, call);
      await refusals(() => state.as(options?.owner ?? "").destroy(type, key.id));
      return {};
    },

    async teardown({ options, ...key }, call) {
      const { type } = writing(key, call);
      const { metadata } = await refusals(() => state.as(options?.owner ?? "").teardown(type, key.id));
      return { destroyReady: metadata.finalizers.length === 0 };
    },

    async teardownAndDestroy({ options, ...key }, call) {
      const { type } = writing(key, call);
      await refusals(() => state.as(options?.owner ?? "").teardownAndDestroy(type, key.id, call.signal));
      return {};
    },
  };
  return serve(StateService, handlers);
}

function kindOf(wire: { metadata?: Kind | undefined } | undefined): Kind {
  if (!wire?.metadata) throw new GrpcError("invalidArgument", "the request has no resource");
  return wire.metadata;
}

function phaseOf(phase: string | undefined) {
  if (phase === undefined) return "any";
  if (phase === "running" || phase === "tearingDown") return phase;
  throw new GrpcError("invalidArgument", `there is no phase "${phase}"`);
}

/** Does it, and lets what State refuses travel as a status. */
async function refusals<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw asStatus(error);
  }
}
