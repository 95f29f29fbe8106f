import { kindAt } from "../api/catalog.ts";
import { age } from "./age.ts";
import type { Shown } from "./api-client.ts";
import type { Column } from "./table.ts";

/** The columns of a kind: those that its declaration names, its age and its labels. */
export function columnsOf(path: string, now: Date): Column<Shown>[] {
  const { type } = kindAt(path);
  return [
    { title: "id", of: ({ metadata }) => metadata.id },
    ...Object.entries(type.columns).map(([title, at]) => ({
      title,
      of: ({ spec }: Shown) => textAt(spec, at),
    })),
    { title: "age", of: ({ metadata }) => age(new Date(metadata.created), now), wide: true },
    { title: "labels", of: ({ metadata }) => labelText(metadata.labels), wide: true },
  ];
}

export const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");

/** What stands at `{.a.b}`. */
function textAt(spec: unknown, at: string): string {
  const steps = at.replaceAll(/[{}]/g, "").split(".").slice(1);
  const found = steps.reduce<unknown>(
    (value, step) => (value as Readonly<Record<string, unknown>> | undefined)?.[step],
    spec,
  );
  if (found === undefined || found === null) return "";
  return typeof found === "string" ? found : JSON.stringify(found);
}
