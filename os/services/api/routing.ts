// Which node answers a call: this one, another one, or many.
import type { Metadata } from "@grpc/grpc-js";
import { headerValues } from "./header-values.ts";

export type Route =
  | { readonly to: "here" }
  | { readonly to: "one"; readonly node: string }
  | { readonly to: "many"; readonly nodes: readonly string[] }
  | {
      readonly to: "nobody";
      readonly code: "invalidArgument" | "permissionDenied";
      readonly why: string;
    };

/** Set by a node that forwards: nothing is forwarded twice. */
export const forwardedHeader = "proxyfrom";

/** Answers of these are lists with a message per node; no others can be put together. */
const aggregated = [
  "/machine.MachineService/",
  "/cluster.ClusterService/",
  "/inspect.InspectService/",
  "/storage.StorageService/",
  "/time.TimeService/",
];

export interface Surroundings {
  /** Only control planes hold the certificate that other nodes let act for a client. */
  readonly mayForward: boolean;
  /** Whether a name or an address is this node's. */
  readonly isHere: (node: string) => boolean;
}

export function routeOf(metadata: Metadata, path: string, { mayForward, isHere }: Surroundings): Route {
  if (metadata.get(forwardedHeader).length > 0) return { to: "here" };
  const one = headerValues(metadata, "node");
  const many = headerValues(metadata, "nodes");
  if (one.length > 1) return refused("invalidArgument", "node metadata must be single-valued");

  const targets = many.length > 0 ? many : one;
  if (targets.length === 0) return { to: "here" };
  if (!mayForward && targets.length === 1 && isHere(targets[0]!)) return { to: "here" };
  if (many.length > 0 && !aggregated.some((prefix) => path.startsWith(prefix))) {
    return refused("invalidArgument", `one-2-many proxying is not supported for method ${path}`);
  }
  if (!mayForward) return refused("permissionDenied", "no request forwarding");
  return many.length > 0 ? { to: "many", nodes: many } : { to: "one", node: one[0]! };
}

const refused = (code: "invalidArgument" | "permissionDenied", why: string): Route => ({
  to: "nobody",
  code,
  why,
});
