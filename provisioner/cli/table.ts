// Tables that fit the terminal they are shown on.

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  /** Shown with `-o wide` alone. */
  readonly wide?: boolean;
}

interface TableOptions {
  /** Of the terminal; undefined where there is none, and nothing is cut. */
  readonly width: number | undefined;
  readonly wide: boolean;
}

const gap = "  ";
const narrowest = 6;

export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, wide }: TableOptions,
): string {
  const shown = columns.filter((column) => wide || !column.wide);
  const cells = [
    shown.map(({ title }) => title.toUpperCase()),
    ...rows.map((row) => shown.map(({ of }) => plain(of(row)))),
  ];
  const natural = shown.map((_, index) => Math.max(...cells.map((line) => line[index]!.length)));
  const widths = width === undefined || wide ? natural : fitted(natural, width);
  return cells
    .map((line) => line.map((cell, index) => cut(cell, widths[index]!).padEnd(widths[index]!)).join(gap))
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Takes from the widest column until all fit. */
function fitted(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const room = width - gap.length * (widths.length - 1);
  for (let total = widths.reduce((sum, one) => sum + one, 0); total > room; total--) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest]! <= narrowest) break;
    widths[widest]! -= 1;
  }
  return widths;
}

const cut = (text: string, width: number) => (text.length > width ? `${text.slice(0, width - 1)}…` : text);

/** What machines say of themselves must not move the cursor of whoever reads it. */
export const plain = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- control characters, and those that turn text around, are replaced
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/gu, " ");
