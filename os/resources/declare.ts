import type * as z from "zod";
import { type ResourceType, resourceType } from "../../cosi/resource.ts";

type Rest = Partial<Pick<ResourceType, "aliases" | "columns" | "sensitive">>;

/** Declares types of one group: `LinkStatuses` of `net` are `LinkStatuses.net.talos.dev`, as clients know them. */
const group =
  (suffix: string, namespace: string) =>
  <Schema extends z.ZodType>(plural: string, spec: Schema, rest: Rest = {}): ResourceType<Schema> =>
    resourceType({ type: `${plural}.${suffix}`, namespace, spec, ...rest });

export const network = group("net.talos.dev", "network");
export const hardware = group("hardware.talos.dev", "hardware");
export const runtime = group("runtime.talos.dev", "runtime");
export const config = group("config.talos.dev", "config");
export const block = group("block.talos.dev", "runtime");
export const cluster = group("cluster.talos.dev", "cluster");
export const secrets = group("secrets.talos.dev", "secrets");
/** Types of the runtime that have no group of their own. */
export const talos = group("talos.dev", "runtime");
/** Types of the first days, which kept their group. */
export const v1alpha1 = group("v1alpha1.talos.dev", "runtime");
/** What only we have. */
export const ingotRuntime = group("runtime.ingot.dev", "runtime");
export const ingotNetwork = group("net.ingot.dev", "network");
