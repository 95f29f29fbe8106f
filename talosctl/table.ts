/** Columns as upstream prints them: three spaces after the widest cell, and none after the last column. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...rows.filter((row) => column < row.length - 1).map((row) => width(row[column]!))),
  );
  return rows
    .map((row) => `${row.map((cell, column) => padded(cell, column, row, widths)).join("")}\n`)
    .join("");
}

const gap = 3;
const width = (cell: string) => Array.from(cell).length;

const padded = (cell: string, column: number, row: readonly string[], widths: readonly number[]) =>
  column === row.length - 1 ? cell : cell + " ".repeat(widths[column]! - width(cell) + gap);
