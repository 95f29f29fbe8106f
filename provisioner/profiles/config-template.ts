// The config of a profile is a text in which facts of the machine stand for themselves: `{{ machine.name }}`. That is
// all there is: no loops, no conditions, no expressions, nothing that could run for ever or reach for anything else.

export interface TemplateProblem {
  readonly line: number;
  readonly column: number;
  readonly why: string;
}

export type Template =
  | { readonly is: "template"; readonly parts: readonly Part[] }
  | { readonly is: "malformed"; readonly problems: readonly TemplateProblem[] };

type Part =
  | { readonly is: "text"; readonly text: string }
  | {
      readonly is: "fact";
      readonly name: string;
      readonly quoted: boolean;
      readonly line: number;
      readonly column: number;
    };

/** What may stand in a template, and what it is. One that the machine does not have is undefined. */
export type TemplateFacts = Readonly<Record<string, string | undefined>>;

export type Rendering =
  | { readonly is: "rendered"; readonly text: string }
  | { readonly is: "refused"; readonly problems: readonly TemplateProblem[] };

/** `name`, `name | quote`. The name of a label may hold what labels may. */
const placeholder = /^\s*([a-z][A-Za-z]*(?:\.[A-Za-z0-9_/-]+)+)\s*(?:\|\s*([a-z]+)\s*)?$/;

/**
 * Reads a template. `{{` begins a placeholder and `}}` ends it, on one line; `\{{` is a `{{` that means nothing, for
 * systems whose configs have placeholders of their own.
 */
export function parseTemplate(text: string): Template {
  const parts: Part[] = [];
  const problems: TemplateProblem[] = [];
  for (const [index, source] of text.split("\n").entries()) {
    const line = index + 1;
    if (index > 0) parts.push({ is: "text", text: "\n" });
    let at = 0;
    while (at < source.length) {
      const open = source.indexOf("{{", at);
      if (open < 0) break;
      if (source[open - 1] === "\\" && open > at) {
        parts.push({ is: "text", text: `${source.slice(at, open - 1)}{{` });
        at = open + 2;
        continue;
      }
      parts.push({ is: "text", text: source.slice(at, open) });
      const close = source.indexOf("}}", open);
      const column = open + 1;
      if (close < 0) {
        problems.push({ line, column, why: "{{ without }} on the same line" });
        at = source.length;
        break;
      }
      const [, name, filter] = placeholder.exec(source.slice(open + 2, close)) ?? [];
      if (name === undefined)
        problems.push({ line, column, why: "not the name of a fact, such as machine.name" });
      else if (filter !== undefined && filter !== "quote") {
        problems.push({ line, column, why: `no such filter: ${filter}; there is quote` });
      } else parts.push({ is: "fact", name, quoted: filter === "quote", line, column });
      at = close + 2;
    }
    parts.push({ is: "text", text: source.slice(at) });
  }
  return problems.length > 0 ? { is: "malformed", problems } : { is: "template", parts };
}

/**
 * What of a fact may stand in a config as it is, whatever is around it: a serial number with a line break in it would
 * otherwise be lines of config that the machine wrote itself.
 */
const harmless = /^[A-Za-z0-9/](?:[A-Za-z0-9._:/@+ -]*[A-Za-z0-9_-])?$/;

/** What a template becomes: a config, or an address, in which every fact is spelt as one. */
export type Becoming = "config" | "address";

/** Puts the facts in, or says which of them cannot be. `quote` makes a JSON string of any, which is YAML too. */
export function renderTemplate(
  template: Template & { readonly is: "template" },
  facts: TemplateFacts,
  becoming: Becoming = "config",
): Rendering {
  const problems: TemplateProblem[] = [];
  const texts = template.parts.map((part) => {
    if (part.is === "text") return part.text;
    const { name, quoted, line, column } = part;
    const known = Object.hasOwn(facts, name) || name.startsWith("machine.labels.");
    const value = Object.hasOwn(facts, name) ? facts[name] : undefined;
    if (value === undefined) {
      const why = known ? `this machine has no ${name}` : `there is no ${name}; there are ${names(facts)}`;
      problems.push({ line, column, why });
      return "";
    }
    if (becoming === "address") return encodeURIComponent(value);
    if (quoted) return JSON.stringify(value);
    // `: ` and ` #` begin something else in YAML, and harmless characters alone can spell them.
    if (!harmless.test(value) || /: | #|:$/.test(value)) {
      const shown = JSON.stringify(value.slice(0, 60));
      problems.push({ line, column, why: `${name} is ${shown}, which could be read as config: add | quote` });
    }
    return value;
  });
  return problems.length > 0 ? { is: "refused", problems } : { is: "rendered", text: texts.join("") };
}

const names = (facts: TemplateFacts) =>
  Object.keys(facts)
    .filter((name) => !name.startsWith("machine.labels."))
    .join(", ");
