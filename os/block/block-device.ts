import type { Ata } from "./firmware/ata.ts";
import type { Nvme } from "./firmware/nvme.ts";
import type { Scsi } from "./firmware/scsi.ts";

/** A disk as those who change it see it. */
export interface BlockDevice extends AsyncDisposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  /** What is on the medium, past the kernel's cache. Any place, any size inside the device. */
  read(offset: number, size: number): Promise<Uint8Array>;
  /** Whole sectors. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Sends zeros over the bus. Whole sectors. */
  overwrite(offset: number, length: number): Promise<void>;
  /** Makes the device do it by itself, without the data crossing the bus. Rejects with "not supported" codes. */
  command(what: "discard" | "secureDiscard" | "zero", offset: number, length: number): Promise<void>;
  /** Resolves when everything written is on the medium. */
  flush(): Promise<void>;
  /** The disk's own language, where the kernel passes it through. */
  readonly firmware:
    | { readonly speaks: "nvme"; readonly nvme: Nvme }
    | { readonly speaks: "ata"; readonly ata: Ata }
    | { readonly speaks: "scsi"; readonly scsi: Scsi }
    | { readonly speaks: "nothing" };
}
