// Which disks an expression means, such as `disk.transport == "nvme" && disk.size > 100u * GB`.
import type { Disk } from "../block/disks.ts";
import { parseExpression, type Scope, type Value } from "../expressions/expression.ts";

const sizes: Scope = Object.fromEntries(
  ["k", "M", "G", "T", "P"].flatMap((unit, nth) => [
    [`${unit}B`, 1000n ** BigInt(nth + 1)],
    [`${unit === "k" ? "K" : unit}iB`, 1024n ** BigInt(nth + 1)],
  ]),
);

/** What expressions know of a disk, by the names that clients of the API see. */
const fieldsOf = (disk: Disk): Value => ({
  dev_path: disk.devPath,
  size: BigInt(disk.sizeBytes),
  sector_size: BigInt(disk.sectorBytes),
  io_size: BigInt(disk.physicalSectorBytes),
  model: disk.model,
  serial: disk.serial,
  wwid: disk.wwid,
  bus_path: disk.busPath,
  transport: disk.transport,
  rotational: disk.rotational,
  readonly: disk.readOnly,
  cdrom: disk.cdrom,
});

/** Throws when it is no expression, or none over disks. */
export function diskExpression(text: string): (disk: Disk, isSystem?: boolean) => boolean {
  const fits = parseExpression(text, "disks");
  return (disk, isSystem = false) => fits({ ...sizes, disk: fieldsOf(disk), system_disk: isSystem });
}
