import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listDisks } from "./disks.ts";

let sys: string;
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), "ingot-sys-"));
  mkdirSync(join(sys, "block"));
});
afterEach(() => rmSync(sys, { recursive: true }));

/** A block device as the kernel lays it out: a link in /sys/block to its folder below /sys/devices. */
function plugIn(busPath: string, name: string, attributes: Readonly<Record<string, string | Buffer>>): void {
  const folder = join(sys, "devices", busPath, "block", name);
  mkdirSync(folder, { recursive: true });
  for (const [path, value] of Object.entries({ size: "8\n", ro: "0\n", removable: "0\n", ...attributes })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), value);
  }
  symlinkSync(join("../devices", busPath, "block", name), join(sys, "block", name));
}

describe("the disks of a machine", () => {
  test("say what they are and how to know them again", async () => {
    plugIn("pci0000:00/0000:00:03.0/ata2/host1/target1:0:0/1:0:0:0", "sda", {
      size: "1953525168\n",
      "queue/logical_block_size": "512\n",
      "queue/physical_block_size": "4096\n",
      "queue/rotational": "1\n",
      "device/rev": "SN04\n",
      "device/model": "ACME SPINNER    \n",
      "device/wwid": "naa.5000c500a0b1c2d3\n",
      "device/type": "0\n",
      "device/vpd_pg80": Buffer.concat([Buffer.from([0, 0x80, 0, 12]), Buffer.from("    ZA12B3C4")]),
      "holders/md127": "",
    });
    expect(await listDisks(sys)).toEqual([
      {
        devPath: "/dev/sda",
        sizeBytes: 1_000_204_886_016,
        sectorBytes: 512,
        physicalSectorBytes: 4096,
        model: "ACME SPINNER",
        serial: "ZA12B3C4",
        wwid: "naa.5000c500a0b1c2d3",
        transport: "sata",
        busPath: "/pci0000:00/0000:00:03.0/ata2/host1/target1:0:0/1:0:0:0",
        firmwareVersion: "SN04",
        rotational: true,
        readOnly: false,
        removable: false,
        cdrom: false,
        holders: ["md127"],
      },
    ]);
  });

  test.each([
    ["pci0000:00/0000:00:02.0/nvme/nvme0", "nvme0n1", "nvme"],
    ["pci0000:00/0000:00:04.0/virtio2", "vda", "virtio"],
    ["pci0000:00/0000:00:05.0/virtio3/host2/target2:0:0/2:0:0:0", "sda", "scsi"],
    ["pci0000:00/0000:00:06.0/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0", "sdb", "sas"],
    ["pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0", "sdc", "usb"],
    ["platform/host9/session1/target9:0:0/9:0:0:1", "sdd", "iscsi"],
  ])("at %s speak by their bus", async (busPath, name, transport) => {
    plugIn(busPath, name, {});
    expect(await listDisks(sys)).toMatchObject([{ devPath: `/dev/${name}`, transport }]);
  });

  test("are not loops, RAM or RAID; a CD drive is told apart", async () => {
    plugIn("virtual", "loop0", {});
    plugIn("virtual", "md127", {});
    plugIn("virtual", "dm-0", {});
    plugIn("pci0000:00/ata1/host0/target0:0:0/0:0:0:0", "sr0", { "device/type": "5\n", removable: "1\n" });
    expect(await listDisks(sys)).toMatchObject([{ devPath: "/dev/sr0", cdrom: true, removable: true }]);
  });

  test("with hostile names do no harm to a terminal", async () => {
    plugIn("pci0000:00/ata1/host0/target0:0:0/0:0:0:0", "sda", {
      "device/model": "\u001b[2Jevil\n",
      serial: "\u0000\u0007x\n",
    });
    expect(await listDisks(sys)).toMatchObject([{ model: "[2Jevil", serial: "x" }]);
  });
});
