import { type Document, isScalar, type Node } from "yaml";
import type * as z from "zod";
import { type Diagnostic, InvalidMachineConfig } from "./diagnostic.ts";
import { type Identified, identify, identityText } from "./identity.ts";
import { suggestion } from "./suggestion.ts";
import { parseYaml, type Syntax } from "./syntax.ts";
import { plainValue, TooManyNodes, type UnknownKey } from "./value.ts";

/** One document of a config: what it is, what it says, and how it was written. */
export interface ConfigDocument extends Identified {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly yaml: Document;
}

export interface Decoded {
  readonly documents: readonly ConfigDocument[];
  readonly syntax: Syntax;
}

/** Reads a config strictly: every unknown key, wrong type and repeated document is an error with its place. */
export function decode(text: string): Decoded {
  const syntax = parseYaml(text);
  const documents = decodeYaml(syntax.documents, syntax.position);
  if (documents.length > 0) return { documents, syntax };
  throw new InvalidMachineConfig("read", [{ line: 0, column: 0, path: "", why: "there is nothing in it" }]);
}

type Position = Syntax["position"];

/** The same for YAML that is parsed already. */
export function decodeYaml(
  yamls: readonly Document[],
  position: Position = () => ({ line: 0, column: 0 }),
): readonly ConfigDocument[] {
  const diagnostics: Diagnostic[] = [];
  const documents: ConfigDocument[] = [];
  for (const yaml of yamls) {
    if (isAbsent(yaml)) continue;
    const identified = identify(yaml);
    if ("why" in identified) {
      diagnostics.push({ ...position(yaml.contents), path: "", why: identified.why });
      continue;
    }
    if (documents.some(({ kind, name }) => kind === identified.kind && name === identified.name)) {
      const why = `${identityText(identified)} is there already`;
      diagnostics.push({ ...position(yaml.contents), path: "", why });
      continue;
    }
    const { spec, faults } = decodeDocument(yaml, identified.schema, position);
    diagnostics.push(...faults);
    documents.push({ ...identified, spec, yaml });
  }
  if (diagnostics.length > 0) throw new InvalidMachineConfig("read", diagnostics);
  return documents;
}

const isAbsent = ({ contents }: Document) =>
  contents === null || (isScalar(contents) && contents.value === null);

function decodeDocument(yaml: Document, schema: z.ZodObject, position: Position) {
  const { value, unknownKeys } = read(yaml, schema, position);
  const faults = unknownKeys.map((key) => unknownKeyDiagnostic(key, position));
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return { spec: parsed.data, faults };
  for (const issue of parsed.error.issues.flatMap(innermost)) {
    const path = issue.path.map(String);
    const node = nodeAt(yaml, path);
    faults.push({ ...position(node), path: path.join("."), why: explanation(issue) });
  }
  return { spec: {}, faults };
}

function read(yaml: Document, schema: z.ZodObject, position: Position) {
  try {
    return plainValue(yaml, schema);
  } catch (cause) {
    // The first two are aliases that multiply each other; the last is nesting without end.
    if (cause instanceof TooManyNodes || cause instanceof ReferenceError || cause instanceof RangeError) {
      const why = cause instanceof RangeError ? "nested too deeply" : cause.message;
      throw new InvalidMachineConfig("read", [{ ...position(yaml.contents), path: "", why }], {
        cause,
      });
    }
    throw cause;
  }
}

function unknownKeyDiagnostic({ node, path, known }: UnknownKey, position: Position): Diagnostic {
  const key = String(path.at(-1));
  const near = suggestion(key, known);
  const why = `unknown key${near ? `; did you mean "${near}"?` : ""}`;
  return { ...position(node), path: path.join("."), why };
}

/** The node at a path, or the nearest one above it that is there. */
export function nodeAt(yaml: Document, path: readonly string[]): Node | null {
  for (let length = path.length; length > 0; length--) {
    const node = yaml.getIn(path.slice(0, length), true);
    if (node) return node as Node;
  }
  return yaml.contents;
}

/** Of a union's issues, those of the alternative that came nearest. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const [nearest] = [...issue.errors].sort((a, b) => depth(b) - depth(a));
  return (nearest ?? [])
    .flatMap(innermost)
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

const depth = (issues: readonly z.core.$ZodIssue[]) =>
  Math.max(0, ...issues.map(({ path, code }) => path.length * 2 + (code === "invalid_type" ? 0 : 1)));

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
};

function explanation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return `must be ${typeNames[issue.expected] ?? issue.expected}`;
  if (issue.code === "invalid_value") {
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
  }
  if (issue.code === "too_big") return `must be at most ${issue.maximum}`;
  if (issue.code === "too_small") return `must be at least ${issue.minimum}`;
  return issue.message;
}
