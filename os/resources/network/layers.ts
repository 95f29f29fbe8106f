import type * as z from "zod";
import type { ResourceType } from "../../../cosi/resource.ts";

/** Who says how the network shall be; a later one overrides an earlier. */
export const layers = ["default", "cmdline", "operator", "configuration"] as const;
export type Layer = (typeof layers)[number];

/**
 * The same type as one layer asks for it: in a namespace of its own, under `LAYER/ID`. What the layers agree on is
 * the resource ID in the type's own namespace.
 */
export const asked = <Schema extends z.ZodType>(type: ResourceType<Schema>): ResourceType<Schema> => ({
  ...type,
  namespace: "network-config",
});

/** The id under which a layer asks. */
export const idIn = (layer: Layer, id: string): string => `${layer}/${id}`;

/** What `idIn` has put together. */
export function layerOf(id: string): { layer: Layer; id: string } {
  const at = id.indexOf("/");
  const layer = layers.find((it) => it === id.slice(0, at));
  if (!layer) throw new Error(`Cannot tell the layer of ${id}`);
  return { layer, id: id.slice(at + 1) };
}
