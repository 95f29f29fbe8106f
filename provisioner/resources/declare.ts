import type { z } from "zod";
import { type ResourceType, resourceType } from "../../cosi/resource.ts";

/** Declares a resource of the provisioner: all of them live in one namespace and one group. */
export function declare<Schema extends z.ZodType>(
  plural: string,
  declaration: Pick<ResourceType<Schema>, "spec"> & Partial<ResourceType<Schema>>,
): ResourceType<Schema> {
  return resourceType({ type: `${plural}.ingot.dev`, namespace: "default", ...declaration });
}
