// Tables that fit the terminal they are shown on.
import { printable } from "../printable.ts";
import type { Paint, Style } from "./paint.ts";

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  /** Shown with `-o wide` alone. */
  readonly wide?: boolean;
  readonly style?: (cell: string) => Style | undefined;
}

export interface TableOptions {
  /** Of the terminal; undefined where there is none, and nothing is cut. */
  readonly width: number | undefined;
  readonly wide: boolean;
  readonly paint: Paint;
}

const gap = "  ";
const narrowest = 6;

/** The first rows decide how wide the columns are; rows that come later keep to them. */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #options: TableOptions;
  readonly #widths: readonly number[];

  constructor(columns: readonly Column<Row>[], first: readonly Row[], options: TableOptions) {
    const { width, wide } = options;
    this.#columns = columns.filter((column) => wide || !column.wide);
    this.#options = options;
    const lines = [this.#titles(), ...first.map((row) => this.#cells(row))];
    const natural = this.#columns.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)));
    this.#widths = width === undefined || wide ? natural : fitted(natural, width);
  }

  heading(): string {
    return this.#line(this.#titles(), () => "bold");
  }

  row(row: Row): string {
    return this.#line(this.#cells(row), (cell, index) => this.#columns[index]!.style?.(cell));
  }

  #titles(): string[] {
    return this.#columns.map(({ title }) => title.toUpperCase());
  }

  #cells(row: Row): string[] {
    return this.#columns.map(({ of }) => printable(of(row)));
  }

  #line(cells: readonly string[], styleOf: (cell: string, index: number) => Style | undefined): string {
    const { paint, width, wide } = this.#options;
    const isCut = width !== undefined && !wide;
    const filled = cells.findLastIndex((cell) => cell !== "");
    return cells
      .slice(0, filled + 1)
      .map((cell, index) => {
        const shown = isCut ? cut(cell, this.#widths[index]!) : cell;
        const padding = index === filled ? "" : " ".repeat(Math.max(0, this.#widths[index]! - shown.length));
        return paint(styleOf(cell, index), shown) + padding;
      })
      .join(gap);
  }
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
