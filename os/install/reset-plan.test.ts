import { describe, expect, test } from "vitest";
import { ResetRequest_WipeMode as Mode } from "../../api/gen/machine/power_pb.js";
import { someDisk } from "../block/some-disk.ts";
import type { WipeResult } from "../block/wipe/wipe.ts";
import { resetTasks } from "./reset.ts";
import { planReset, type ResetPlan, type ResetWish } from "./reset-plan.ts";

const machine = {
  disks: [
    someDisk("/dev/nvme0n1"),
    someDisk("/dev/sda"),
    someDisk("/dev/sdb", { readOnly: true }),
    someDisk("/dev/sdc", { holders: ["md0"] }),
  ],
  systemDisk: "nvme0n1",
};
const wish = (rest: Partial<ResetWish> = {}): ResetWish => ({
  ...{ mode: Mode.ALL, systemPartitionsToWipe: [], userDisksToWipe: [], ...rest },
});
const partitions = (...labels: readonly string[]) =>
  labels.map((label) => ({ label, wipe: true })) as ResetWish["systemPartitionsToWipe"];

describe("a reset", () => {
  test.each<[string, Partial<ResetWish>, ResetPlan]>([
    ["of everything", {}, { system: "disk", userDisks: [] }],
    ["of the system disk", { mode: Mode.SYSTEM_DISK }, { system: "disk", userDisks: [] }],
    ["of a disk beside it", { userDisksToWipe: ["/dev/sda"] }, { system: "disk", userDisks: ["/dev/sda"] }],
    [
      "of another disk alone",
      { mode: Mode.USER_DISKS, userDisksToWipe: ["/dev/sda"] },
      { system: [], userDisks: ["/dev/sda"] },
    ],
    [
      "of some partitions",
      { systemPartitionsToWipe: partitions("STATE", "EPHEMERAL") },
      { system: ["STATE", "EPHEMERAL"], userDisks: [] },
    ],
    [
      "of one partition, sparing another",
      {
        systemPartitionsToWipe: [
          ...partitions("EPHEMERAL"),
          ...partitions("STATE").map((it) => ({ ...it, wipe: false })),
        ],
      },
      { system: ["EPHEMERAL"], userDisks: [] },
    ],
    [
      "that spares the one partition that it names",
      { systemPartitionsToWipe: partitions("STATE").map((it) => ({ ...it, wipe: false })) },
      { system: [], userDisks: [] },
    ],
  ])("%s is planned", (_, asked, plan) => {
    expect(planReset(wish(asked), machine)).toEqual(plan);
  });

  test.each<[string, Partial<ResetWish>, string]>([
    [
      "user disks in system mode",
      { mode: Mode.SYSTEM_DISK, userDisksToWipe: ["/dev/sda"] },
      "wipe mode SYSTEM_DISK doesn't support UserDisksToWipe parameter",
    ],
    [
      "partitions in user mode",
      { mode: Mode.USER_DISKS, systemPartitionsToWipe: partitions("STATE") },
      "wipe mode USER_DISKS doesn't support SystemPartitionsToWipe parameter",
    ],
    ["a disk that is not there", { userDisksToWipe: ["/dev/sdz"] }, "disk /dev/sdz not found"],
    [
      "the system's disk by its name",
      { userDisksToWipe: ["/dev/nvme0n1"] },
      "disk /dev/nvme0n1 is the system disk",
    ],
    ["what cannot be written", { userDisksToWipe: ["/dev/sdb"] }, "disk /dev/sdb is readonly"],
    ["what something is built on", { userDisksToWipe: ["/dev/sdc"] }, "disk /dev/sdc is in use: md0"],
    [
      "a partition of nobody",
      { systemPartitionsToWipe: partitions("toString") },
      "label toString is not found",
    ],
  ])("of %s is refused", (_, asked, reason) => {
    expect(() => planReset(wish(asked), machine)).toThrow(
      expect.objectContaining({ code: "invalidArgument", message: expect.stringContaining(reason) }),
    );
  });
});

async function erased(plan: ResetPlan, fails?: string): Promise<string[]> {
  const done: string[] = [];
  const proof = { kind: "edges", samples: 0, mismatches: 0, left: undefined } as const;
  const tasks = resetTasks(plan, {
    devPath: "/dev/nvme0n1",
    stopServices: async () => void done.push("stop"),
    unmountVolumes: async () => void done.push("unmount"),
    open: async (path) => ({
      sizeBytes: 100,
      overwrite: async (offset, length) => void done.push(`overwrite ${path} ${offset}+${length}`),
      flush: async () => void done.push(`flush ${path}`),
      [Symbol.asyncDispose]: async () => void done.push(`close ${path}`),
    }),
    async wipe(path): Promise<WipeResult> {
      done.push(`wipe ${path}`);
      return path === fails
        ? { outcome: "failed", step: "erase", why: "EIO", method: "fast", proof: undefined }
        : { outcome: "wiped", method: "fast", proof };
    },
    said: () => {},
  });
  for (const { run } of tasks) await run();
  return done;
}

describe("what is done", () => {
  test("stops what uses the disk, begins with the secrets, and ends with the disk", async () => {
    expect(await erased({ system: "disk", userDisks: ["/dev/sda"] })).toEqual([
      ...["stop", "unmount"],
      ...["overwrite /dev/nvme0n1p4 0+100", "flush /dev/nvme0n1p4", "close /dev/nvme0n1p4"],
      ...["overwrite /dev/nvme0n1p3 0+100", "flush /dev/nvme0n1p3", "close /dev/nvme0n1p3"],
      ...["wipe /dev/sda", "wipe /dev/nvme0n1"],
    ]);
  });

  test("leaves what nobody named", async () => {
    expect(await erased({ system: ["EPHEMERAL"], userDisks: [] })).toEqual([
      ...["stop", "unmount", "wipe /dev/nvme0n1p8"],
    ]);
    expect(await erased({ system: [], userDisks: ["/dev/sda"] })).toEqual([
      "stop",
      "unmount",
      "wipe /dev/sda",
    ]);
  });

  test("says which disk would not be wiped", async () => {
    await expect(erased({ system: [], userDisks: ["/dev/sda"] }, "/dev/sda")).rejects.toThrow(
      "Cannot wipe /dev/sda: EIO",
    );
  });
});
