// The system drawn from its declarations: the drawing cannot lie, since it is what runs.
import type { Controller } from "./controller.ts";
import { kindOf, planOf, typesOf } from "./plan.ts";
import type { JoinedRead } from "./reads.ts";

/** What an edge means: a key for each, an input, an output. */
type Role = "each" | "reads" | "owns";

interface Edge {
  readonly role: Role;
  readonly type: string;
  readonly controller: string;
  /** How the input is found, or how many outputs there are; empty when it has the same id. */
  readonly label: string;
}

interface Graph {
  /** Kinds, as `kindOf` names them. */
  readonly types: readonly string[];
  readonly controllers: readonly string[];
  readonly edges: readonly Edge[];
}

function graphOf(controllers: readonly Controller[]): Graph {
  const plans = controllers.map(planOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    types: [...new Set(plans.flatMap((plan) => typesOf(plan).map(kindOf)))].sort(),
    controllers: plans.map(({ name }) => name),
    edges: plans.flatMap(({ name, each, reads, owns }): Edge[] => [
      ...(each ? [{ role: "each" as const, type: kindOf(each), controller: name, label: "" }] : []),
      ...[...reads.values()].map((read) => ({
        role: "reads" as const,
        type: kindOf(read.type),
        controller: name,
        label: readLabel(read),
      })),
      ...owns.map(({ type, make, id, shared }) => ({
        role: "owns" as const,
        type: kindOf(type),
        controller: name,
        label: [
          ...(shared ? ["shared"] : []),
          ...(make === "many" ? ["many"] : id ? [`the ${id}`] : []),
        ].join(", "),
      })),
    ]),
  };
}

function readLabel(read: JoinedRead): string {
  if (read.join === "the") return `the ${read.id}`;
  return { same: "", named: "the one it names", naming: "those naming it", all: "all" }[read.join];
}

const firstWord = (kind: string) => kind.slice(kind.indexOf("/") + 1).split(".")[0]!;

/** `Machines` for `default/Machines.ingot.dev`, as long as no other type is called that. */
function shortNames(kinds: readonly string[]): ReadonlyMap<string, string> {
  const bearers = Map.groupBy(kinds, firstWord);
  return new Map(
    kinds.map((kind) => [kind, bearers.get(firstWord(kind))!.length > 1 ? kind : firstWord(kind)]),
  );
}

/** From where to where the arrow goes: inputs into the controller, outputs out of it. */
const endsOf = ({ role }: Edge, type: string, controller: string) =>
  role === "owns" ? ([controller, type] as const) : ([type, controller] as const);

/** The system for GitHub and every other place that draws Mermaid. */
export function mermaid(controllers: readonly Controller[]): string {
  const { types, controllers: names, edges } = graphOf(controllers);
  const short = shortNames(types);
  const lines = { each: "==>", reads: "-.->", owns: "-->" };
  return [
    "flowchart LR",
    ...types.map((kind, index) => `  t${index}["${short.get(kind)}"]`),
    ...names.map((name, index) => `  c${index}(["${name}"])`),
    ...edges.map((edge) => {
      const [from, to] = endsOf(edge, `t${types.indexOf(edge.type)}`, `c${names.indexOf(edge.controller)}`);
      return `  ${from} ${lines[edge.role]}${edge.label && `|${edge.label}|`} ${to}`;
    }),
    "",
  ].join("\n");
}

/** The system for `dot -Tsvg`. */
export function graphviz(controllers: readonly Controller[]): string {
  const { types, controllers: names, edges } = graphOf(controllers);
  const short = shortNames(types);
  const quoted = JSON.stringify;
  const styles = { each: "bold", reads: "dashed", owns: "solid" };
  return [
    "digraph controllers {",
    "  rankdir=LR;",
    ...types.map((kind) => `  ${quoted(`type ${kind}`)} [shape=box, label=${quoted(short.get(kind))}];`),
    ...names.map((name) => `  ${quoted(`controller ${name}`)} [shape=ellipse, label=${quoted(name)}];`),
    ...edges.map((edge) => {
      const [from, to] = endsOf(edge, quoted(`type ${edge.type}`), quoted(`controller ${edge.controller}`));
      const label = edge.label && `, label=${quoted(edge.label)}`;
      return `  ${from} -> ${to} [style=${styles[edge.role]}${label}];`;
    }),
    "}",
    "",
  ].join("\n");
}
