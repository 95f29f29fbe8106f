import { expect, test } from "vitest";
import { partitionDevice } from "./system-disk.ts";

test.each([
  ["/dev/sda", "/dev/sda3"],
  ["/dev/vdb", "/dev/vdb3"],
  ["/dev/nvme0n1", "/dev/nvme0n1p3"],
  ["/dev/mmcblk0", "/dev/mmcblk0p3"],
])("partition 3 of %s is %s", (disk, partition) => {
  expect(partitionDevice(disk, 3)).toBe(partition);
});
