import * as fc from "fast-check";
import { expect, test } from "vitest";
import { disksById } from "./disk-ids.ts";
import type { Disk } from "./disks.ts";
import { someDisk } from "./some-disk.ts";

const disk = (it: Partial<Disk>) => someDisk("/dev/sda", { transport: "sata", busPath: "/pci0/ata1", ...it });

test.each([
  ["its wwid", { wwid: "naa.5000c5", serial: "S1" }, "wwid-naa.5000c5"],
  ["its serial where it has no wwid", { serial: "S 1" }, "serial-S_1"],
  ["its path where it has neither", {}, "path-_pci0_ata1"],
])("a disk is known by %s", (_, it, id) => {
  expect([...disksById([disk(it)]).keys()]).toEqual([id]);
});

test("what two disks share is neither's name", () => {
  const twins = [
    disk({ devPath: "/dev/sda", serial: "000", busPath: "/a" }),
    disk({ devPath: "/dev/sdb", serial: "000", busPath: "/b" }),
    disk({ devPath: "/dev/sdc", serial: "000", busPath: "/b" }),
  ];
  expect([...disksById(twins).keys()]).toEqual(["path-_a", "name-_dev_sdb", "name-_dev_sdc"]);
});

test("every disk has an id of its own", () => {
  const mark = fc.constantFrom("", "x", "y");
  fc.assert(
    fc.property(
      fc.array(fc.record({ wwid: mark, serial: mark, busPath: mark }), { maxLength: 6 }),
      (marks) => {
        const disks = marks.map((it, index) => disk({ ...it, devPath: `/dev/sd${index}` }));
        expect(disksById(disks).size).toBe(disks.length);
      },
    ),
  );
});
