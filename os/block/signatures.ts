// What is on a disk or partition, told by its signatures. Adding a kind is adding a row.

export type SignatureKind =
  | "partition table"
  | "filesystem"
  | "raid"
  | "volume manager"
  | "encryption"
  | "shared storage";

export interface Signature {
  readonly name: string;
  readonly kind: SignatureKind;
  readonly offset: number;
  /** From the start of the device, or from its end. */
  readonly from: "start" | "end";
  readonly magic: Uint8Array;
}

const ascii = (text: string) => Buffer.from(text, "latin1");
const hex = (text: string) => Buffer.from(text, "hex");
const row = (
  name: string,
  kind: SignatureKind,
  offset: number,
  magic: Uint8Array,
  from: Signature["from"] = "start",
): Signature => ({ name, kind, offset, from, magic });

const KiB = 1024;
const MiB = 1024 * KiB;

/** Numbers are those of each format's own description; several rows of one name are several places it writes to. */
export const signatures: readonly Signature[] = [
  row("gpt", "partition table", 512, ascii("EFI PART")),
  row("gpt", "partition table", 4096, ascii("EFI PART")), // disks with sectors of 4 KiB
  row("gpt", "partition table", 512, ascii("EFI PART"), "end"), // its backup, in the last sector
  row("gpt", "partition table", 4096, ascii("EFI PART"), "end"),
  row("mbr", "partition table", 510, hex("55aa")),

  row("ext", "filesystem", 1080, hex("53ef")),
  row("xfs", "filesystem", 0, ascii("XFSB")),
  row("btrfs", "filesystem", 64 * KiB + 64, ascii("_BHRfS_M")),
  row("ntfs", "filesystem", 3, ascii("NTFS    ")),
  row("fat", "filesystem", 54, ascii("FAT12   ")),
  row("fat", "filesystem", 54, ascii("FAT16   ")),
  row("fat", "filesystem", 82, ascii("FAT32   ")),
  row("exfat", "filesystem", 3, ascii("EXFAT   ")),
  row("squashfs", "filesystem", 0, ascii("hsqs")),
  row("iso9660", "filesystem", 32 * KiB + 1, ascii("CD001")),
  row("f2fs", "filesystem", KiB, hex("1020f5f2")),
  row("swap", "filesystem", 4086, ascii("SWAPSPACE2")),
  row("zfs", "volume manager", 128 * KiB, hex("0cb1ba0000000000")),

  row("md", "raid", 0, hex("fc4e2ba9")), // metadata 1.1
  row("md", "raid", 4 * KiB, hex("fc4e2ba9")), // 1.2
  row("md", "raid", 64 * KiB, hex("fc4e2ba9"), "end"), // 0.90 (on devices of whole 64 KiB)
  row("md", "raid", 8 * KiB, hex("fc4e2ba9"), "end"), // 1.0
  row("ddf", "raid", 512, hex("de11de11"), "end"),
  row("imsm", "raid", KiB, ascii("Intel Raid ISM Cfg Sig. "), "end"),
  row("bcache", "raid", 4 * KiB + 24, hex("c68573f64e1a45ca8265f57f48ba6d81")),

  row("lvm", "volume manager", 512 + 24, ascii("LVM2 001")),
  row("luks", "encryption", 0, hex("4c554b53babe")),
  row("luks", "encryption", 16 * KiB, hex("534b554cbabe")), // the second header of version 2

  // Used by several machines at once: what one of them does to it happens to all.
  row("vmfs", "shared storage", MiB, hex("0dd001c0")),
  row("vmfs-l", "shared storage", 2 * MiB, hex("5ef1abe6")),
  row("gfs2", "shared storage", 64 * KiB, hex("01161970")),
  row("ocfs2", "shared storage", 4 * KiB, ascii("OCFSV2")),
];

export interface BytesAt {
  readonly sizeBytes: number;
  /** Exactly `size` bytes from `offset`; both lie inside the device. */
  read(offset: number, size: number): Promise<Uint8Array>;
}

/** Every signature that is there, in the table's order. */
export async function findSignatures(device: BytesAt): Promise<Signature[]> {
  const found: Signature[] = [];
  for (const signature of signatures) {
    const offset = signature.from === "start" ? signature.offset : device.sizeBytes - signature.offset;
    if (offset < 0 || offset + signature.magic.length > device.sizeBytes) continue;
    const bytes = await device.read(offset, signature.magic.length);
    if (Buffer.compare(bytes, signature.magic) === 0) found.push(signature);
  }
  return found;
}
