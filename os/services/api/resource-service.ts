import type { Call } from "../../../api/grpc/handlers.ts";
import type { ServedService } from "../../../api/grpc/serve.ts";
import { serveState } from "../../../cosi/grpc/serve-state.ts";
import type { State } from "../../../cosi/state.ts";
import { role } from "../../../pki/roles.ts";
import type { Caller } from "./access.ts";
import { resourceNamespaces, resourceTypes } from "./resource-types.ts";

export interface ResourceDependencies {
  readonly state: State;
  readonly callerOf: (call: Call) => Caller | undefined;
}

/** `cosi.resource.State`, to be read only; what is secret, by administrators only. */
export const resourceService = ({ state, callerOf }: ResourceDependencies): ServedService =>
  serveState({
    state,
    types: resourceTypes,
    namespaces: Object.keys(resourceNamespaces),
    writable: false,
    refuse: ({ type }, call) =>
      type.sensitive && !callerOf(call)?.roles.has(role.admin) ? "not authorized" : undefined,
  });
