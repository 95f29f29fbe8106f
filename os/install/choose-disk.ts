// Which disk a config means. Pure: disks in, one disk or the reason against each out.
import type { InstallDisk } from "../../machine-config/settings/install.ts";
import type { Disk } from "../block/disks.ts";
import { matches } from "../expressions/expression.ts";
import { diskExpression } from "./disk-expression.ts";

export type DiskChoice =
  | { readonly disk: Disk; readonly skipped: readonly string[] }
  | { readonly disk: undefined; readonly skipped: readonly string[] };

/**
 * Of several that fit it takes the smallest, and of those the first by where it is plugged in: the same one at every
 * boot, whatever the kernel calls them.
 */
export function chooseDisk(disks: readonly Disk[], wanted: InstallDisk): DiskChoice {
  const skipped: string[] = [];
  const fitting: Disk[] = [];
  for (const disk of disks) {
    const reason = unfit(disk) ?? mismatch(disk, wanted);
    if (reason === undefined) fitting.push(disk);
    else skipped.push(`${disk.devPath}: ${reason}`);
  }
  const [disk, ...others] = fitting.toSorted(
    (a, b) =>
      a.sizeBytes - b.sizeBytes || a.busPath.localeCompare(b.busPath) || a.devPath.localeCompare(b.devPath),
  );
  return {
    disk,
    skipped: [...skipped, ...others.map(({ devPath }) => `${devPath}: ${disk!.devPath} fits too`)],
  };
}

function unfit({ readOnly, cdrom, holders }: Disk): string | undefined {
  if (cdrom) return "is a CD drive";
  if (readOnly) return "cannot be written";
  if (holders.length > 0) return `${holders.join(", ")} is built on it`;
  return undefined;
}

function mismatch(disk: Disk, wanted: InstallDisk): string | undefined {
  switch (wanted.by) {
    case "path":
      return disk.devPath === wanted.path ? undefined : `is not ${wanted.path}`;
    case "expression":
      return expressionMismatch(disk, wanted.expression);
    case "selector":
      return selectorMismatch(disk, wanted.selector);
  }
}

function expressionMismatch(disk: Disk, expression: string): string | undefined {
  try {
    return diskExpression(expression)(disk) ? undefined : `does not match ${expression}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type Selector = Extract<InstallDisk, { by: "selector" }>["selector"];

function selectorMismatch(disk: Disk, selector: Selector): string | undefined {
  const { size, type } = selector;
  if (size && !sizeFits(disk.sizeBytes, size)) return `its ${disk.sizeBytes} bytes are not ${size}`;
  if (type && type !== typeOf(disk)) return `is ${typeOf(disk)}, not ${type}`;
  const texts: readonly (readonly [name: string, is: string, pattern: string | undefined])[] = [
    ["name", disk.devPath.replace("/dev/", ""), selector.name],
    ["model", disk.model, selector.model],
    ["serial", disk.serial, selector.serial],
    ["wwid", disk.wwid, selector.wwid],
    ["path", disk.busPath, selector.busPath],
  ];
  for (const [name, is, pattern] of texts)
    if (pattern && !matches(pattern, is)) return `its ${name} "${is}" is not ${pattern}`;
  if (selector.uuid || selector.modalias) return "disks have neither uuid nor modalias here";
  return undefined;
}

const typeOf = ({ transport, rotational }: Disk) => {
  if (transport === "nvme") return "nvme";
  if (transport === "mmc") return "sd";
  return rotational ? "hdd" : "ssd";
};

const units = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  p: 1e15,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
  pi: 2 ** 50,
};
const sizeForm = /^\s*([<>]=?|==)?\s*(\d+(?:\.\d+)?)\s*([kmgtp]i?)?b?\s*$/i;

function sizeFits(bytes: number, text: string): boolean {
  const [, operator = "==", number, unit = ""] = sizeForm.exec(text) ?? [];
  const size = Number(number) * (units[unit.toLowerCase() as keyof typeof units] ?? Number.NaN);
  switch (operator) {
    case "<":
      return bytes < size;
    case "<=":
      return bytes <= size;
    case ">":
      return bytes > size;
    case ">=":
      return bytes >= size;
    default:
      return bytes === size;
  }
}
