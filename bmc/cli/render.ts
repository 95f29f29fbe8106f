import { stringify } from "yaml";

export const formats = ["table", "json", "yaml"] as const;
export type Format = (typeof formats)[number];

/** An answer of the seam for a terminal or a program. */
export function render(answer: unknown, format: Format): string {
  switch (format) {
    case "json":
      return JSON.stringify(answer, undefined, 2);
    case "yaml":
      return stringify(answer).trimEnd();
    case "table":
      return Array.isArray(answer) ? tableOf(answer as readonly Row[]) : pairsOf(answer as Row);
  }
}

type Row = Readonly<Record<string, unknown>>;

function tableOf(rows: readonly Row[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return aligned([
    columns.map((column) => column.toUpperCase()),
    ...rows.map((row) => columns.map((column) => cell(row[column], column))),
  ]);
}

const pairsOf = (row: Row) => aligned(Object.entries(row).map(([name, value]) => [name, cell(value, name)]));

function cell(value: unknown, column: string): string {
  if (value === undefined || value === null || value === "") return "-";
  if (column === "at" && typeof value === "number") return new Date(value).toISOString();
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.join(", ");
  if (typeof value === "object") return Object.values(value).map(String).join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widths, row) => row.map((text, column) => Math.max(text.length, widths[column] ?? 0)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
