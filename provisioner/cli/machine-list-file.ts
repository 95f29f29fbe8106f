// Machines that are known before they are seen, from a file: YAML or JSON as the API takes them, or CSV with one each line.
import { parse } from "yaml";
import { CommandFailure } from "./exit-codes.ts";

/** The columns of a CSV file, and where each goes. Labels have columns named `label:rack`. */
const columns: Readonly<Record<string, readonly string[]>> = {
  id: ["id"],
  name: ["name"],
  uuid: ["identity", "uuid"],
  serial: ["identity", "serial"],
  macs: ["identity", "macs"],
  accepted: ["accepted"],
  bmc_address: ["bmc", "address"],
  bmc_user: ["bmc", "user"],
  bmc_password: ["bmc", "password"],
  bmc_driver: ["bmc", "driver"],
};

export type Registration = Readonly<Record<string, unknown>>;

export function readMachineList(text: string, path: string): readonly Registration[] {
  if (path.endsWith(".csv")) return readCsv(text);
  const read = parse(text) as unknown;
  if (!Array.isArray(read)) throw new CommandFailure("invalid", `${path}: it is no list of machines`);
  return read as Registration[];
}

function readCsv(text: string): Registration[] {
  const [heading = "", ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const names = cellsOf(heading, 1).map((name) => name.trim());
  const unknown = names.filter((name) => !(name in columns) && !name.startsWith("label:"));
  if (unknown.length > 0) {
    const known = Object.keys(columns).join(", ");
    throw new CommandFailure(
      "invalid",
      `no such columns: ${unknown.join(", ")}; there are ${known}, label:NAME`,
    );
  }
  return lines.map((line, index) => {
    const cells = cellsOf(line, index + 2);
    if (cells.length !== names.length) {
      throw new CommandFailure("invalid", `line ${index + 2} has ${cells.length} cells of ${names.length}`);
    }
    return machineOf(names.map((name, at) => [name, cells[at]!.trim()] as const));
  });
}

function machineOf(cells: readonly (readonly [string, string])[]): Registration {
  const identity: Record<string, unknown> = { macs: [] };
  const bmc: Record<string, unknown> = {};
  const labels: Record<string, string> = {};
  const machine: Record<string, unknown> = { identity };
  for (const [name, text] of cells) {
    if (text === "") continue;
    if (name.startsWith("label:")) {
      labels[name.slice("label:".length)] = text;
      continue;
    }
    const [place = "", field] = columns[name]!;
    if (place === "identity") identity[field!] = field === "macs" ? text.toLowerCase().split(/[ ;]+/) : text;
    else if (place === "bmc") bmc[field!] = text;
    else machine[place] = place === "accepted" ? /^(yes|true|1)$/i.test(text) : text;
  }
  if (Object.keys(labels).length > 0) machine["labels"] = labels;
  if (Object.keys(bmc).length > 0) {
    machine["bmc"] = { driver: "automatic", tls: { verify: "off" }, ...bmc };
  }
  return machine;
}

/** RFC 4180 within one line. */
function cellsOf(line: string, number: number): string[] {
  const cells: string[] = [];
  const cell = /\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/y;
  for (;;) {
    const found = cell.exec(line);
    if (!found) throw new CommandFailure("invalid", `line ${number}: a quote that does not end`);
    cells.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    if (found[3] === "") return cells;
  }
}
