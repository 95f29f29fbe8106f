// RFC 6902, over YAML nodes so that comments stay.
import { isDeepStrictEqual } from "node:util";
import { type Document, isMap, isScalar, isSeq, type Node } from "yaml";
import * as z from "zod";
import { InvalidMachineConfig } from "../decode/diagnostic.ts";

const pointer = z.string().regex(/^(?:\/(?:[^~]|~[01])*)?$/, "is no JSON pointer");
const operation = z.discriminatedUnion("op", [
  z.object({ op: z.enum(["add", "replace", "test"]), path: pointer, value: z.unknown() }),
  z.object({ op: z.literal("remove"), path: pointer }),
  z.object({ op: z.enum(["move", "copy"]), path: pointer, from: pointer }),
]);

export type Operation = z.output<typeof operation>;

export function operationsOf(value: unknown): readonly Operation[] {
  const parsed = z.array(operation).safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refused(issue!.path.join("."), issue!.message);
}

/** The document after all operations, in their order; refuses the whole patch when one cannot be done. */
export function applyOperations(document: Document, operations: readonly Operation[]): Document {
  const result = document.clone();
  for (const operation of operations) apply(result, operation);
  return result;
}

function apply(document: Document, operation: Operation): void {
  const path = keysOf(operation.path);
  switch (operation.op) {
    case "add":
      return add(document, path, document.createNode(operation.value));
    case "replace":
      return replace(document, path, document.createNode(operation.value));
    case "remove":
      return remove(document, path);
    case "copy":
      return add(
        document,
        path,
        document.createNode(present(document, keysOf(operation.from)).toJS(document)),
      );
    case "move": {
      const node = present(document, keysOf(operation.from));
      remove(document, keysOf(operation.from));
      return add(document, path, node);
    }
    case "test": {
      const actual: unknown = present(document, path).toJS(document);
      if (!isDeepStrictEqual(actual, operation.value))
        throw refused(operation.path, "does not have the tested value");
    }
  }
}

/** RFC 6901 */
const keysOf = (pointer: string) =>
  pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));

const textOf = (path: readonly string[]) => `/${path.join("/")}`;

function present(document: Document, path: readonly string[]): Node {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  if (!node) throw refused(textOf(path), "is not there");
  return node as Node;
}

function add(document: Document, path: readonly string[], node: Node): void {
  const key = path.at(-1);
  if (key === undefined) {
    document.contents = node as typeof document.contents;
    return;
  }
  const parent = present(document, path.slice(0, -1));
  if (isMap(parent)) {
    parent.set(key, node);
  } else if (isSeq(parent)) {
    const index = key === "-" ? parent.items.length : indexOf(key);
    if (index === undefined || index > parent.items.length)
      throw refused(textOf(path), "is no place in the list");
    if (parent.items.length === 0) parent.flow = false;
    parent.items.splice(index, 0, node);
  } else {
    throw refused(textOf(path), "is below a single value");
  }
}

/** In the place of what is there, and with its comment. */
function replace(document: Document, path: readonly string[], node: Node): void {
  const { comment } = present(document, path);
  if (isScalar(node) && comment) node.comment = comment;
  if (path.length === 0) document.contents = node as typeof document.contents;
  else document.setIn(path, node);
}

function remove(document: Document, path: readonly string[]): void {
  if (path.length === 0) return;
  if (!document.hasIn(path) || !document.deleteIn(path)) throw refused(textOf(path), "is not there");
}

const indexOf = (key: string) => (/^(?:0|[1-9]\d*)$/.test(key) ? Number(key) : undefined);

const refused = (path: string, why: string) =>
  new InvalidMachineConfig("patch", [{ line: 0, column: 0, path, why }]);
