import {
  type Document,
  LineCounter,
  type Node,
  parseAllDocuments,
  type ScalarTag,
  type Tags,
  visit,
} from "yaml";
import { type Diagnostic, InvalidMachineConfig } from "./diagnostic.ts";

/** YAML as it was written, comments and all. */
export interface Syntax {
  readonly documents: readonly Document[];
  /** Line and column, from 1. */
  readonly position: (node: Node | null | undefined) => Pick<Diagnostic, "line" | "column">;
}

/** Hundreds of times a real config, inline manifests included. */
const maxCharacters = 8 * 1024 * 1024;

/** File modes have been written as 0644 since before YAML 1.2 said 0o644. */
const octal: ScalarTag = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  format: "LEADING_ZERO",
  test: /^0[0-7]+$/,
  resolve: (text) => Number.parseInt(text, 8),
  identify: () => false,
  stringify: ({ value, source }) => source ?? `0${Number(value).toString(8)}`,
};

/** Numbers are written as they were read: where text is due, 1e400 and 0x10 are text, whatever their value. */
const verbatim = (tag: Tags[number]): Tags[number] => {
  if (typeof tag !== "object" || tag.collection || !/:(?:int|float)$/.test(tag.tag)) return tag;
  return {
    ...tag,
    stringify: (item, ...rest) => item.source ?? tag.stringify?.(item, ...rest) ?? String(item.value),
  };
};

export function parseYaml(text: string): Syntax {
  if (text.length > maxCharacters) throw refusal(0, 0, `longer than ${maxCharacters} characters`);
  const lines = new LineCounter();
  const documents = parse(text, lines);
  for (const { errors } of documents) {
    const [error] = errors;
    if (!error) continue;
    const { line, col } = lines.linePos(error.pos[0]);
    // The parser hands its own exhausted stack on as a fault of the text.
    const why = error.message.includes("call stack") ? "nested too deeply" : error.message;
    throw refusal(line, col, why, error);
  }
  for (const document of documents) assertAnchors(document);
  return {
    documents,
    position: (node) => {
      if (!node?.range) return { line: 0, column: 0 };
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    },
  };
}

/** The parser takes anchors that its writer then refuses. */
function assertAnchors(document: Document): void {
  visit(document, {
    Node: (_, node) => {
      const anchor = "anchor" in node ? node.anchor : undefined;
      if (anchor !== undefined && !/^[\w.-]+$/.test(anchor))
        throw refusal(0, 0, "an anchor with odd characters");
    },
  });
}

/** The document as plain values. Aliases that resolve to nothing, or to far too much, are faults of the text. */
export function plainYaml(document: Document): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    if (cause instanceof ReferenceError || cause instanceof RangeError)
      throw refusal(0, 0, cause.message, cause);
    throw cause;
  }
}

function parse(text: string, lineCounter: LineCounter): Document[] {
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter,
      prettyErrors: false,
      uniqueKeys: true,
      stringKeys: true,
      customTags: (tags) => [octal, ...tags].map(verbatim),
    });
    return Array.isArray(parsed) ? [...parsed] : [];
  } catch (cause) {
    // Brackets nested without end exhaust the parser's stack.
    if (cause instanceof RangeError) throw refusal(0, 0, "nested too deeply", cause);
    throw cause;
  }
}

const refusal = (line: number, column: number, why: string, cause?: unknown) =>
  new InvalidMachineConfig("read", [{ line, column, path: "", why }], { cause });

/** The documents as text again: what a person wrote stays as it was, as far as it did not change. */
export function yamlText(documents: readonly Document[]): string {
  return documents
    .map((document) => document.toString({ indent: 4, lineWidth: 0, directives: false }))
    .map((text) => text.replace(/^---\n/, ""))
    .join("---\n");
}
