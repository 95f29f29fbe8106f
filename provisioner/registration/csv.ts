export interface CsvRow {
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** Thrown for a text that is no CSV at all; `line` says where. */
export class MalformedCsv extends Error {
  override readonly name = "MalformedCsv";
  readonly line: number;

  constructor(line: number, why: string) {
    super(`Cannot read line ${line}: ${why}`);
    this.line = line;
  }
}

/**
 * RFC 4180, as spreadsheets write it: `;` or a tab instead of the comma where the first line has more of them, a byte
 * order mark, line breaks of any system, and inside of quotes too.
 */
export function parseCsv(text: string): readonly CsvRow[] {
  const content = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const separator = separatorOf(content);
  const rows: CsvRow[] = [];
  let [line, rowLine, at] = [1, 1, 0];
  let cells: string[] = [];
  let cell = "";
  const endCell = () => {
    cells.push(cell);
    cell = "";
  };
  const endRow = () => {
    endCell();
    if (cells.some((one) => one.trim() !== "")) rows.push({ line: rowLine, cells });
    cells = [];
  };
  while (at < content.length) {
    const character = content[at]!;
    if (character === '"' && cell.trim() === "") {
      const quotedFrom = line;
      const end = endOfQuoted(content, at + 1);
      if (end === undefined) throw new MalformedCsv(quotedFrom, "a quote is never closed");
      const quoted = content.slice(at + 1, end);
      line += quoted.split("\n").length - 1;
      cell = quoted.replaceAll('""', '"');
      at = end + 1;
      while (content[at] === " ") at += 1;
      if (at < content.length && ![separator, "\r", "\n"].includes(content[at]!)) {
        throw new MalformedCsv(line, "something follows a closed quote");
      }
    } else if (character === separator) {
      endCell();
      at += 1;
    } else if (character === "\n" || character === "\r") {
      endRow();
      at += character === "\r" && content[at + 1] === "\n" ? 2 : 1;
      line += 1;
      rowLine = line;
    } else {
      cell += character;
      at += 1;
    }
  }
  endRow();
  return rows;
}

function separatorOf(content: string): string {
  const [heading = ""] = content.split(/[\r\n]/, 1);
  const count = (separator: string) => heading.split(separator).length;
  return [",", ";", "\t"].toSorted((a, b) => count(b) - count(a))[0]!;
}

function endOfQuoted(content: string, from: number): number | undefined {
  for (let at = content.indexOf('"', from); at >= 0; at = content.indexOf('"', at + 2)) {
    if (content[at + 1] !== '"') return at;
  }
  return undefined;
}
