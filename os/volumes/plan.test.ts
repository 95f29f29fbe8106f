import { describe, expect, test } from "vitest";
import { parseMachineConfig } from "../../machine-config/machine-config.ts";
import { volumeSettings } from "../../machine-config/settings/volumes.ts";
import type { Disk } from "../block/disks.ts";
import type { Partition } from "../block/gpt/table.ts";
import { someDisk } from "../block/some-disk.ts";
import { type DiskView, planVolume, uuidOf } from "./plan.ts";

const MiB = 2 ** 20;
const volume = (fields: string) =>
  volumeSettings(
    parseMachineConfig(`apiVersion: v1alpha1\nkind: UserVolumeConfig\nname: data\n${fields}\n`),
  )[0]!;
const disk = (devPath: string, rest: Partial<Disk> = {}) =>
  someDisk(devPath, { sizeBytes: 1024 * MiB, transport: "nvme", ...rest });
const view = (rest: Partial<DiskView> = {}): DiskView => ({
  ...{ disk: disk("/dev/sdb"), isSystem: false, table: undefined, holds: [], filesystemUuid: undefined },
  ...rest,
});
const partition = (name: string, fromMiB: number, toMiB: number, number = 1): Partition => ({
  ...{ number, type: "t", guid: "g", name, attributes: 0n },
  ...{ firstSector: fromMiB * 2048, lastSector: toMiB * 2048 - 1 },
});
const table = (...partitions: Partition[]) => ({ diskGuid: "d", partitions });
const some = volume(
  "provisioning: {diskSelector: {match: disk.transport == 'nvme'}, minSize: 100MiB, maxSize: 200MiB}",
);
const growing = volume("provisioning: {diskSelector: {match: '!system_disk'}, minSize: 100MiB, grow: true}");
const plan = (wanted: typeof some, ...views: DiskView[]) => planVolume(wanted, views, () => "new");

describe("a volume", () => {
  test("is made on an empty disk, no larger than it may be", () => {
    expect(plan(some, view())).toMatchObject({
      do: "makePartition",
      partition: { number: 1, name: "u-data", firstSector: 2048, lastSector: 201 * 2048 - 1 },
      table: { diskGuid: "new" },
    });
  });

  test("is made in the largest room between others, under a number of its own", () => {
    const others = table(partition("a", 1, 100), partition("b", 300, 900, 2));
    expect(plan(some, view({ table: others }))).toMatchObject({
      do: "makePartition",
      partition: { number: 3, firstSector: 100 * 2048, lastSector: 300 * 2048 - 1 },
      table: { diskGuid: "d", partitions: [{ name: "a" }, { name: "b" }, { name: "u-data" }] },
    });
  });

  test("is found where it is, whatever its selector says, and may grow into what lies behind it", () => {
    const there = table(partition("u-data", 1, 100), partition("b", 300, 900, 2));
    const sata = disk("/dev/sdb", { transport: "sata" });
    expect(plan(some, view({ disk: sata, table: there }))).toMatchObject({ do: "use", roomSectors: 0 });
    expect(plan(growing, view({ table: there }))).toMatchObject({ do: "use", roomSectors: 200 * 2048 });
  });

  test.each<[string, DiskView[]]>([
    ["no disk is the one that its selector means", []],
    ["no disk is the one that its selector means", [view({ disk: disk("/dev/sdb", { transport: "sata" }) })]],
    ["/dev/sdb: it holds ext, lvm", [view({ holds: ["ext", "lvm"] })]],
    ["/dev/sdb: it cannot be written", [view({ disk: disk("/dev/sdb", { readOnly: true }) })]],
    ["/dev/sdb: md0 is built on it", [view({ disk: disk("/dev/sdb", { holders: ["md0"] }) })]],
    [
      "/dev/sdb: 51380224 bytes in a row are free, and it takes 104857600",
      [view({ table: table(partition("a", 50, 1023)) })],
    ],
  ])("is not made: %s", (why, views) => {
    expect(plan(some, ...views)).toEqual({ do: "wait", why });
  });

  test("may take all of a disk that is empty or its own, and of no other", () => {
    const whole = volume("volumeType: disk\nprovisioning: {diskSelector: {match: '!system_disk'}}");
    expect(plan(whole, view())).toMatchObject({ do: "useDisk" });
    expect(plan(whole, view({ holds: ["xfs"], filesystemUuid: uuidOf(whole) }))).toMatchObject({
      do: "useDisk",
    });
    expect(plan(whole, view({ holds: ["xfs"], filesystemUuid: "another" }))).toEqual({
      do: "wait",
      why: "/dev/sdb: it holds xfs",
    });
    expect(plan(whole, view({ holds: ["gpt"], table: table() }))).toEqual({
      do: "wait",
      why: "/dev/sdb: it holds partitions",
    });
    expect(plan(whole, view({ isSystem: true }))).toEqual({
      do: "wait",
      why: "no disk is the one that its selector means",
    });
  });
});
