import * as z from "zod";
import { text } from "../schema/scalars.ts";

/** What is wrong, and where: a dotted path below the document, or nothing for the document itself. */
export type Fault = readonly [at: string, why: string];

export interface DocumentKind {
  readonly kind: string;
  /** Whether a configuration may have several, told apart by name. */
  readonly named: boolean;
  readonly schema: z.ZodObject;
  /** Every rule that one document can break by itself. */
  faults(document: Readonly<Record<string, unknown>>): readonly Fault[];
}

const header = { apiVersion: z.literal("v1alpha1"), kind: text };

/** Declares a kind of document. Adding a kind is adding a file, and a line in kinds.ts. */
export function documentKind<const Shape extends z.core.$ZodLooseShape>(declaration: {
  readonly kind: string;
  readonly named?: boolean;
  readonly fields: Shape;
  /** Fields that must be there and not empty. */
  readonly required?: readonly (keyof Shape & string)[];
  readonly rules?: (
    document: Readonly<Partial<z.output<z.ZodObject<Shape>>>> & { name?: string },
  ) => Iterable<Fault>;
}) {
  const { kind, named = false, fields, required = [], rules } = declaration;
  const names = named ? { name: text } : {};
  return {
    kind,
    named,
    schema: z.strictObject({ ...header, kind: z.literal(kind), ...names, ...fields }).partial(),
    faults(document: Readonly<Record<string, unknown>>): readonly Fault[] {
      const missing = [...(named ? ["name"] : []), ...required].filter((field) => isEmpty(document[field]));
      return [
        ...missing.map((field) => [field, "is required"] as const),
        ...(rules?.(document as Parameters<typeof rules>[0]) ?? []),
      ];
    },
  } satisfies DocumentKind;
}

const isEmpty = (value: unknown) =>
  value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
