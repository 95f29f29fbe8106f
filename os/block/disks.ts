// The disks of this machine, as the kernel describes them below /sys: what each is, and how to know it again.
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

export type Transport = "nvme" | "virtio" | "sata" | "sas" | "usb" | "iscsi" | "mmc" | "scsi" | "unknown";

export interface Disk {
  /** Only of this boot: names are given in the order of discovery. */
  readonly devPath: string;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly physicalSectorBytes: number;
  readonly model: string;
  readonly serial: string;
  /** World-wide and for ever, where the disk has one. */
  readonly wwid: string;
  readonly transport: Transport;
  /** Where it is plugged in: its path below /sys/devices. */
  readonly busPath: string;
  readonly firmwareVersion: string;
  readonly rotational: boolean;
  readonly readOnly: boolean;
  readonly removable: boolean;
  readonly cdrom: boolean;
  /** Devices built on it (RAID, LVM, multipath), by name. */
  readonly holders: readonly string[];
}

/** Not disks, though they are block devices: made by the kernel itself, or of other devices. */
const notDisks = /^(loop|ram|zram|dm-|md|nbd|fd)\d*/;

export async function listDisks(sys: string): Promise<Disk[]> {
  const names = (await readdir(join(sys, "block"))).filter((name) => !notDisks.test(name)).sort();
  return Promise.all(names.map((name) => readDisk(sys, name)));
}

async function readDisk(sys: string, name: string): Promise<Disk> {
  const folder = join(sys, "block", name);
  const attribute = (path: string) => textOf(join(folder, path));
  const firstOf = async (...paths: readonly string[]) => {
    for (const path of paths) {
      const text = await attribute(path);
      if (text !== "") return text;
    }
    return "";
  };
  const busPath = (await readlink(folder)).replace(/^.*?devices\//, "/").replace(/\/block\/[^/]*$/, "");
  const deviceType = await attribute("device/type");
  return {
    devPath: `/dev/${name}`,
    // The kernel counts in 512 bytes whatever the sectors are.
    sizeBytes: Number(await attribute("size")) * 512,
    sectorBytes: Number(await attribute("queue/logical_block_size")),
    physicalSectorBytes: Number(await attribute("queue/physical_block_size")),
    model: await firstOf("device/model"),
    serial: (await firstOf("serial", "device/serial")) || (await unitSerial(join(folder, "device/vpd_pg80"))),
    wwid: (await firstOf("wwid", "device/wwid")).replaceAll(/ +/g, " "),
    transport: transportOf(name, busPath),
    busPath,
    firmwareVersion: await firstOf("device/firmware_rev", "device/rev"),
    rotational: (await attribute("queue/rotational")) === "1",
    readOnly: (await attribute("ro")) === "1",
    removable: (await attribute("removable")) === "1",
    // SCSI's peripheral device type 5 (SPC-5 §6.4.2)
    cdrom: deviceType === "5",
    holders: await readdir(join(folder, "holders")).catch(orIfMissing<string[]>([])),
  };
}

/** First match wins: a SATA disk's path goes through a SCSI host too. */
const transports: readonly (readonly [Transport, RegExp])[] = [
  ["usb", /\/usb\d+\//],
  ["nvme", /\/nvme\//],
  ["sata", /\/ata\d+\//],
  ["sas", /\/(end_device|sas_)/],
  ["iscsi", /\/session\d+\//],
  ["mmc", /\/mmc_host\//],
  ["scsi", /\/host\d+\/target/],
  ["virtio", /\/virtio\d+/],
];

function transportOf(name: string, busPath: string): Transport {
  if (name.startsWith("nvme")) return "nvme";
  return transports.find(([, pattern]) => pattern.test(`${busPath}/`))?.[0] ?? "unknown";
}

/** Unit Serial Number (SPC-5 §7.7.19): four bytes of header, then text padded with spaces. */
async function unitSerial(file: string): Promise<string> {
  const page = await readFile(file).catch(orIfMissing(Buffer.alloc(0)));
  if (page.length < 4) return "";
  return page
    .toString("latin1", 4, 4 + page.readUInt16BE(2))
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
}

const textOf = async (file: string) =>
  (await readFile(file, "latin1").catch(orIfMissing(""))).replaceAll(/\p{Cc}+/gu, " ").trim();

/** Attributes differ from driver to driver, and some exist but cannot be read on some devices. */
const orIfMissing =
  <T>(otherwise: T) =>
  (error: unknown): T => {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (["ENOENT", "ENOTDIR", "EINVAL", "EIO", "ENODEV", "ENXIO"].includes(code)) return otherwise;
    throw error;
  };
