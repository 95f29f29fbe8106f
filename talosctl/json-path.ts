// JSONPath as kubectl writes it, as far as columns and `-o jsonpath=` use it: `{.a.b[0]}`, `{.a[*].b}`, `{.a[1:]}`,
// `{.labels.app\.kubernetes\.io/name}`, text around and between.

/** What the template says of the value; missing fields are empty. */
export function jsonPath(template: string, value: unknown): string {
  return template.replaceAll(/\{([^}]*)\}/g, (_, path: string) => select(path, value).map(text).join(" "));
}

type Step = { readonly field: string } | { readonly from: number; readonly to: number | undefined };

function select(path: string, value: unknown): unknown[] {
  return stepsOf(path).reduce<unknown[]>((values, step) => values.flatMap((it) => take(step, it)), [value]);
}

function take(step: Step, value: unknown): unknown[] {
  if ("field" in step) {
    if (step.field === "*") return typeof value === "object" && value !== null ? Object.values(value) : [];
    const found = isRecord(value) ? value[step.field] : undefined;
    return found === undefined ? [] : [found];
  }
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).slice(step.from, step.to);
}

function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /\.((?:\\.|[^.[\\])+)|\[['"]([^'"]*)['"]\]|\[([^\]]*)\]/g;
  for (const [, field, quoted, index] of path.replace(/^\$/, "").matchAll(pattern)) {
    if (field !== undefined) steps.push({ field: field.replaceAll(/\\(.)/g, "$1") });
    else if (quoted !== undefined) steps.push({ field: quoted });
    else steps.push(rangeOf(index!));
  }
  return steps;
}

function rangeOf(index: string): Step {
  if (index === "*") return { from: 0, to: undefined };
  const [from, to] = index.split(":");
  if (to === undefined) {
    const at = Number(from);
    return { from: at, to: at === -1 ? undefined : at + 1 };
  }
  return { from: Number(from || 0), to: to === "" ? undefined : Number(to) };
}

/** As Go prints it: objects and lists as JSON. */
function text(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
