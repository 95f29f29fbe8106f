import { isNode, isSeq, LineCounter, parseDocument } from "yaml";
import { MalformedCsv, parseCsv } from "./csv.ts";
import { type Registration, registration } from "./registration.ts";

export interface Problem {
  /** Counted from 1. */
  readonly line: number;
  /** As in the file: `bmc.address`; empty where it is about the whole machine. */
  readonly field: string;
  readonly why: string;
}

export interface Registered {
  readonly line: number;
  readonly machine: Registration;
}

export interface Reading {
  readonly machines: readonly Registered[];
  /** Of every line at once. With one of them, nothing should be written. */
  readonly problems: readonly Problem[];
}

interface Raw {
  readonly line: number;
  readonly value: unknown;
}

/** Reads a list of machines, with everything that is wrong with it by line and field. */
export function readRegistrations(text: string, format: "csv" | "yaml"): Reading {
  const { raws, problems } = format === "csv" ? fromCsv(text) : fromYaml(text);
  const machines: Registered[] = [];
  const found: Problem[] = [...problems];
  for (const { line, value } of raws) {
    const result = registration.safeParse(value);
    if (result.success) machines.push({ line, machine: result.data });
    else {
      for (const { path, message } of result.error.issues)
        found.push({ line, field: path.join("."), why: message });
    }
  }
  return { machines, problems: [...found, ...twice(machines)].toSorted((a, b) => a.line - b.line) };
}

/** Two machines of one file that claim the same are one that was copied, or a mistake. */
function twice(machines: readonly Registered[]): Problem[] {
  const firstLines = new Map<string, number>();
  return machines.flatMap(({ line, machine: { uuid, serial, macs, name, bmc } }) => {
    const claims = [
      ["uuid", uuid],
      ["serial", serial],
      ["name", name],
      ["bmc.address", bmc && `${bmc.address} ${bmc.port ?? ""}`],
      ...macs.map((mac) => ["macs", mac] as const),
    ] as const;
    return claims.flatMap(([field, value]) => {
      if (value === undefined) return [];
      const claim = `${field} ${value}`;
      const first = firstLines.get(claim);
      if (first === undefined) firstLines.set(claim, line);
      return first === undefined ? [] : [{ line, field, why: `the same as in line ${first}` }];
    });
  });
}

type Raws = { readonly raws: readonly Raw[]; readonly problems: readonly Problem[] };

/** The first row names the fields; `bmc.address` is one, and `labels.rack`; several MAC addresses stand in one cell. */
function fromCsv(text: string): Raws {
  try {
    const [heading, ...rows] = parseCsv(text);
    if (!heading) return nothing("the file is empty");
    const fields = heading.cells.map((cell) => cell.trim());
    const repeated = fields.find((field, index) => fields.indexOf(field) !== index);
    if (repeated !== undefined)
      return nothing(`two columns are called ${JSON.stringify(repeated)}`, heading.line);
    const tooLong = rows.find(({ cells }) => cells.length > fields.length);
    if (tooLong) return nothing("more cells than the first line has names", tooLong.line);
    return { raws: rows.map(({ line, cells }) => ({ line, value: nested(fields, cells) })), problems: [] };
  } catch (error) {
    if (error instanceof MalformedCsv) return nothing(error.message, error.line);
    throw error;
  }
}

function nested(fields: readonly string[], cells: readonly string[]): unknown {
  const value: Record<string, unknown> = {};
  for (const [index, field] of fields.entries()) {
    const cell = cells[index]?.trim() ?? "";
    // An empty cell says nothing: a table has no other way.
    if (cell === "") continue;
    const [group, member] = split(field);
    if (member === undefined) value[group] = group === "macs" ? cell.split(/[\s,;|]+/) : cell;
    else Object.assign((value[group] ??= Object.create(null)) as object, { [member]: cell });
  }
  // What a prototype would say is no cell.
  return { ...value, ...(value["bmc"] !== undefined && { bmc: { ...value["bmc"] } }) };
}

/** `bmc.tls` and `labels.a.b`: the first dot divides. */
function split(field: string): readonly [group: string, member?: string] {
  const dot = field.indexOf(".");
  return dot < 0 ? [field] : [field.slice(0, dot), field.slice(dot + 1)];
}

function fromYaml(text: string): Raws {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    strict: true,
    schema: "core",
  });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => ({
      line: lineAt(pos[0]),
      field: "",
      why: message.split("\n")[0]!,
    }));
    return { raws: [], problems };
  }
  if (!isSeq(document.contents)) return nothing("not a list of machines");
  return {
    raws: document.contents.items.map((item) => ({
      line: isNode(item) && item.range ? lineAt(item.range[0]) : 1,
      // Aliases multiply: a small file could become one that fills the memory.
      value: isNode(item) ? item.toJS(document, { maxAliasCount: 100 }) : item,
    })),
    problems: [],
  };
}

const nothing = (why: string, line = 1): Raws => ({ raws: [], problems: [{ line, field: "", why }] });
