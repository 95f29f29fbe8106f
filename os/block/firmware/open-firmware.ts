import type { BlockDevice } from "../block-device.ts";
import { openAta } from "./ata.ts";
import { openNvme } from "./nvme.ts";
import { openScsi } from "./scsi.ts";

/** The language of the disk behind an open file. */
export function openFirmware(fd: number, speaks: BlockDevice["firmware"]["speaks"]): BlockDevice["firmware"] {
  switch (speaks) {
    case "nvme":
      return { speaks, nvme: openNvme(fd) };
    case "ata":
      return { speaks, ata: openAta(openScsi(fd)) };
    case "scsi":
      return { speaks, scsi: openScsi(fd) };
    case "nothing":
      return { speaks };
  }
}
