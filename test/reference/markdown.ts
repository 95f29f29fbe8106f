// Documents that are made of the code: how they are written.

export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`.replaceAll(
      / +\|/g,
      " |",
    );
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

/** What of JSON Schema our schemas are made of. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

export interface Field {
  /** `machines[].nics[].cable.lossPercent` */
  readonly path: string;
  readonly type: string;
  /** Empty where there is none. */
  readonly usual: string;
  readonly about: string;
}

/** Every field below a schema, a parent before its children. */
export function fieldsOf(schema: Schema, path = ""): Field[] {
  const choices = schema.anyOf ?? [schema];
  return choices.flatMap((choice) => [
    ...Object.entries(choice.properties ?? {}).flatMap(([name, field]) => {
      const here = path === "" ? name : `${path}.${name}`;
      const isNeeded = choice.required?.includes(name) && field.default === undefined;
      return [
        {
          path: here,
          type: typeOf(field),
          usual: isNeeded ? "needed" : usualOf(field),
          about: field.description ?? "",
        },
        ...fieldsOf(field, here),
      ];
    }),
    ...(choice.items ? fieldsOf(choice.items, `${path}[]`) : []),
  ]);
}

function usualOf({ default: usual, type }: Schema): string {
  if (usual === undefined || type === "array" || type === "object") return "";
  return `\`${JSON.stringify(usual)}\``;
}

function typeOf(schema: Schema): string {
  const { type, enum: choices, const: only, anyOf, items, minimum, maximum } = schema;
  if (anyOf) return [...new Set(anyOf.map(typeOf))].join(" or ");
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (choices) return choices.map((choice) => `\`${String(choice)}\``).join(", ");
  if (type === "array") return `list of ${items ? typeOf(items) : "anything"}`;
  if (type === "integer" || type === "number") {
    // JSON Schema's way of saying that a number is one that JavaScript can count with.
    const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
    const least = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
    if (least !== undefined && most !== undefined) return `${least} to ${most}`;
    return least === undefined ? "number" : `number from ${least}`;
  }
  return { object: "fields", boolean: "yes or no", string: "text" }[type ?? ""] ?? "anything";
}
