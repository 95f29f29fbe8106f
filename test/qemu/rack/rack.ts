// A rack as its owner writes it down: YAML, every field known, every mistake told with its place.
import { isNode, LineCounter, parseDocument } from "yaml";
import { type Rack, rackSchema } from "./schema.ts";

export function parseRack(text: string, file: string): Rack {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `line ${line}, column ${col}`;
  };
  const mistakes = document.errors.map(({ pos, message }) => `${place(pos[0])}: ${message}`);
  if (mistakes.length === 0) {
    const { data, error } = rackSchema.safeParse(document.toJS());
    if (data) return data;
    const placeOf = (path: readonly PropertyKey[]): string => {
      const node = path.length === 0 ? document.contents : document.getIn(path as (string | number)[], true);
      if (isNode(node) && node.range) return place(node.range[0]);
      // What is missing is missing in what is around it.
      return path.length === 0 ? place(0) : placeOf(path.slice(0, -1));
    };
    mistakes.push(
      ...error.issues.map(({ path, message }) => `${placeOf(path)}: ${path.join(".")}: ${message}`),
    );
  }
  throw new Error(`Cannot use the rack in ${file}:\n  ${mistakes.join("\n  ")}`);
}
