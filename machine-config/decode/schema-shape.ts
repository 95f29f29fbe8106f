import * as z from "zod";

/** What stands behind `.optional()`: every field of a section is optional. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional ? unwrapped(schema.unwrap()) : schema;
}

/** The keys that a mapping of this schema may have, each with its schema; undefined for other schemas. */
export function fieldsOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | undefined {
  const bare = unwrapped(schema);
  return bare instanceof z.ZodObject ? bare.shape : undefined;
}

/** The schema of the value under a key of a mapping; undefined where nothing is known of it. */
export function fieldSchema(schema: z.core.$ZodType | undefined, key: string): z.core.$ZodType | undefined {
  if (schema === undefined) return undefined;
  const bare = unwrapped(schema);
  if (bare instanceof z.ZodRecord) return bare.valueType;
  return fieldsOf(bare)?.[key];
}

export function itemSchema(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const bare = schema && unwrapped(schema);
  return bare instanceof z.ZodArray ? bare.element : undefined;
}

/** Whether the schema says nothing of its values: they are carried as they are. */
export function isUntyped(schema: z.core.$ZodType): boolean {
  const bare = unwrapped(schema);
  return (
    bare instanceof z.ZodUnknown || (bare instanceof z.ZodRecord && bare.valueType instanceof z.ZodUnknown)
  );
}
