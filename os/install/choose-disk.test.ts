import { describe, expect, test } from "vitest";
import type { Disk } from "../block/disks.ts";
import { someDisk } from "../block/some-disk.ts";
import { chooseDisk } from "./choose-disk.ts";

const GB = 1e9;
const disk = (devPath: string, rest: Partial<Disk> = {}) =>
  someDisk(devPath, { sizeBytes: 500 * GB, transport: "sata", busPath: "/pci/ata1", ...rest });

const machine = [
  disk("/dev/sda", { rotational: true, sizeBytes: 4000 * GB, model: "ST4000NM", serial: "Z1" }),
  disk("/dev/sdb", { sizeBytes: 480 * GB, model: "INTEL SSDSC2", busPath: "/pci/ata3" }),
  disk("/dev/sdc", { sizeBytes: 480 * GB, model: "INTEL SSDSC2", busPath: "/pci/ata2" }),
  disk("/dev/nvme0n1", { sizeBytes: 960 * GB, transport: "nvme", wwid: "eui.0025385a" }),
  disk("/dev/sr0", { cdrom: true, sizeBytes: 0 }),
  disk("/dev/sdd", { holders: ["md127"], sizeBytes: 1 * GB }),
];

describe("the disk to install on", () => {
  test.each([
    ["the smallest of those that fit, by where it is plugged in", { type: "ssd" }, "/dev/sdc"],
    ["by its type", { type: "nvme" }, "/dev/nvme0n1"],
    ["by a size to be below", { size: "< 100TB", type: "hdd" }, "/dev/sda"],
    ["by a size to be above", { size: ">= 900GB", model: "*" }, "/dev/nvme0n1"],
    ["by an exact size", { size: "4TB" }, "/dev/sda"],
    ["by a pattern of its model", { model: "INTEL*" }, "/dev/sdc"],
    ["by its wwid", { wwid: "eui.0025385a" }, "/dev/nvme0n1"],
    ["by where it is plugged in", { busPath: "/pci/ata?", model: "ST*" }, "/dev/sda"],
  ] as const)("is found %s", (_, selector, expected) => {
    expect(chooseDisk(machine, { by: "selector", selector }).disk?.devPath).toBe(expected);
  });

  test("is found by its path", () => {
    expect(chooseDisk(machine, { by: "path", path: "/dev/sdb" }).disk?.devPath).toBe("/dev/sdb");
  });

  test("is none where none fits, with the reason against each", () => {
    const { disk: found, skipped } = chooseDisk(machine, {
      by: "selector",
      selector: { serial: "Z9", size: "> 1TB" },
    });
    expect(found).toBeUndefined();
    expect(skipped).toEqual([
      '/dev/sda: its serial "Z1" is not Z9',
      "/dev/sdb: its 480000000000 bytes are not > 1TB",
      "/dev/sdc: its 480000000000 bytes are not > 1TB",
      "/dev/nvme0n1: its 960000000000 bytes are not > 1TB",
      "/dev/sr0: is a CD drive",
      "/dev/sdd: md127 is built on it",
    ]);
  });

  test("says that others would have fitted too", () => {
    expect(chooseDisk(machine, { by: "selector", selector: { model: "INTEL*" } }).skipped).toContain(
      "/dev/sdb: /dev/sdc fits too",
    );
  });
});
