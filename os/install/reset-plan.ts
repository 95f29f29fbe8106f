// What a reset erases. Pure: the request and what there is in, what goes or why not out.
import { ResetRequest_WipeMode as Mode, type ResetRequest } from "../../api/gen/machine/power_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import type { Disk } from "../block/disks.ts";
import { isPartitionName, type PartitionName } from "./layout.ts";

export interface ResetPlan {
  /** All of the system's disk; or these of its partitions, which are made anew at the next boot where they are ours to make. */
  readonly system: "disk" | readonly PartitionName[];
  /** Of whoever runs the machine. */
  readonly userDisks: readonly string[];
}

export type ResetWish = Pick<ResetRequest, "mode" | "systemPartitionsToWipe" | "userDisksToWipe">;

/** Sentences are those that clients of this API know. Throws a GrpcError for what makes no sense. */
export function planReset(
  { mode, systemPartitionsToWipe, userDisksToWipe }: ResetWish,
  { disks, systemDisk }: { readonly disks: readonly Disk[]; readonly systemDisk: string },
): ResetPlan {
  if (mode === Mode.SYSTEM_DISK && userDisksToWipe.length > 0)
    throw refused("invalid input, wipe mode SYSTEM_DISK doesn't support UserDisksToWipe parameter");
  if (mode === Mode.USER_DISKS && systemPartitionsToWipe.length > 0)
    throw refused("invalid input, wipe mode USER_DISKS doesn't support SystemPartitionsToWipe parameter");
  for (const path of userDisksToWipe) {
    const disk = disks.find(({ devPath }) => devPath === path);
    if (!disk) throw refused(`disk ${path} not found`);
    if (disk.devPath === `/dev/${systemDisk}`) throw refused(`disk ${path} is the system disk`);
    if (disk.readOnly) throw refused(`disk ${path} is readonly`);
    if (disk.holders.length > 0) throw refused(`disk ${path} is in use: ${disk.holders.join(", ")}`);
  }
  // One that is named and shall not be wiped is spared, and the disk around it with it.
  const partitions = systemPartitionsToWipe.flatMap(({ label, wipe }) => {
    if (!isPartitionName(label)) throw refused(`partition with label ${label} is not found`);
    return wipe ? [label] : [];
  });
  if (mode === Mode.USER_DISKS) return { system: [], userDisks: userDisksToWipe };
  return { system: systemPartitionsToWipe.length > 0 ? partitions : "disk", userDisks: userDisksToWipe };
}

const refused = (why: string) => new GrpcError("invalidArgument", `reset failed: ${why}`);
