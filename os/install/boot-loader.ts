// GRUB for both firmwares, put on a disk without any of its own programs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fat32 } from "../block/fat32/write.ts";
import type { Piece } from "../block/gpt/table.ts";
import type { Extent } from "./layout.ts";

/** As the image builder leaves them in the image. */
export const loaderFiles = { boot: "boot.img", core: "core.img", efi: "BOOTX64.EFI" } as const;
export const loaderFolder = "/usr/share/boot-loader";

export interface BootLoader {
  /** The first 440 bytes of a disk, as a BIOS runs them. */
  readonly boot: Uint8Array;
  readonly core: Uint8Array;
  readonly efi: Uint8Array;
}

export async function readBootLoader(folder = loaderFolder): Promise<BootLoader> {
  const [boot, core, efi] = await Promise.all(
    [loaderFiles.boot, loaderFiles.core, loaderFiles.efi].map((name) => readFile(join(folder, name))),
  );
  return { boot: boot!, core: core!, efi: efi! };
}

const sector = 512;
/** Where boot.img looks for the core's first sector, and where that looks for the rest. */
const coreSectorAt = 0x5c;
const restSectorAt = 0x1f4;
/** GRUB believes the BIOS' drive number; a jump here would take another. The two bytes are that jump, undone. */
const driveCheckAt = 0x66;

/** What goes before the partition table, told where the core will be. */
export function bootCode({ boot }: BootLoader, bios: Extent): Uint8Array {
  const code = Uint8Array.from(boot.subarray(0, 440));
  new DataView(code.buffer).setBigUint64(coreSectorAt, BigInt(bios.offset / sector), true);
  code.set([0x90, 0x90], driveCheckAt);
  return code;
}

/** The BIOS partition's contents. */
export function biosCore({ core }: BootLoader, bios: Extent): Piece {
  const bytes = new Uint8Array(Math.ceil(core.length / sector) * sector);
  if (bytes.length > bios.sizeBytes)
    throw new Error(`Cannot install the boot loader: ${bytes.length} bytes do not fit in ${bios.sizeBytes}`);
  bytes.set(core);
  new DataView(bytes.buffer).setBigUint64(restSectorAt, BigInt(bios.offset / sector + 1), true);
  return { offset: bios.offset, bytes };
}

/** The EFI partition's contents: the one path that firmware tries by itself. */
export function efiPartition({ efi }: BootLoader, extent: Extent, sectorBytes: number): Piece[] {
  const sectorsBefore = extent.offset / sectorBytes;
  const rest = { sectorsBefore, label: "EFI", volumeId: 0x1960_0e1f };
  const files = { [`EFI/BOOT/${loaderFiles.efi}`]: efi };
  return fat32({ sizeBytes: extent.sizeBytes, sectorBytes, ...rest, files }).pieces.map(
    ({ offset, bytes }) => ({
      offset: extent.offset + offset,
      bytes,
    }),
  );
}
