import { expect, test } from "vitest";
import { mountsOn } from "./volumes.ts";

const mounts = `/dev/loop0 / squashfs ro 0 0
/dev/vda8 /var xfs rw,nosuid 0 0
tmpfs /variable tmpfs rw 0 0
/dev/vda9 /var/mnt/data xfs rw 0 0
/dev/vdb1 /var/mnt/data/two\\040words ext4 rw 0 0
/dev/vda4 /system/state xfs rw 0 0
`;

test("what stands on a volume is unmounted before it", () => {
  expect(mountsOn("/var", mounts)).toEqual(["/var/mnt/data/two words", "/var/mnt/data", "/var"]);
  expect(mountsOn("/system/state", mounts)).toEqual(["/system/state"]);
});

test("a volume that is not mounted has nothing to be unmounted", () =>
  expect(mountsOn("/va", mounts)).toEqual([]));
