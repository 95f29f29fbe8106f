// May this disk be installed on? Only one on which nothing is, or what an install of ours left behind half done.
import { readTable } from "../block/gpt/table.ts";
import { findSignatures } from "../block/signatures.ts";
import { readBootState } from "./boot-partition.ts";
import { extentOf, planLayout } from "./layout.ts";
import type { Target } from "./target.ts";

export type Occupancy =
  | { readonly is: "empty" }
  /** An install of ours began here and did not end: a power cut, an image that could not be had. */
  | { readonly is: "unfinished" }
  | { readonly is: "occupied"; readonly by: readonly string[] };

export async function occupancyOf(disk: Target): Promise<Occupancy> {
  if (await isUnfinished(disk)) return { is: "unfinished" };
  const found = await findSignatures(disk);
  if (found.length === 0) return { is: "empty" };
  const names = new Set(found.map(({ name }) => name));
  if ((await readTable(disk))?.partitions.some(({ name }) => name === "BOOT-A")) names.add("an Ingot system");
  return { is: "occupied", by: [...names] };
}

/** Told by the boot state, which is the first thing written and the last thing changed; partitions are not needed. */
async function isUnfinished(disk: Target): Promise<boolean> {
  let boot;
  try {
    boot = extentOf(
      planLayout(disk, () => "00000000-0000-0000-0000-000000000000"),
      "BOOT",
      disk.sectorBytes,
    );
  } catch {
    // Too small for us: nothing of ours ever began here.
    return false;
  }
  return boot !== undefined && (await readBootState(disk, boot))?.is === "installing";
}
