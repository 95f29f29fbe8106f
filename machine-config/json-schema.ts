import * as z from "zod";
import { documentKinds } from "./documents/kinds.ts";
import { v1alpha1 } from "./v1alpha1/config.ts";

/** A JSON Schema (2020-12) of one document of a config, for editors. */
export function machineConfigJsonSchema(): Readonly<Record<string, unknown>> {
  const kinds = documentKinds.map(({ kind, named, schema }) => ({
    title: kind,
    ...schemaOf(schema),
    required: ["apiVersion", "kind", ...(named ? ["name"] : [])],
  }));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Machine config",
    oneOf: [{ title: "v1alpha1", ...schemaOf(v1alpha1) }, ...kinds],
  };
}

function schemaOf(schema: z.ZodType) {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: "input", reused: "inline" });
  return rest;
}
