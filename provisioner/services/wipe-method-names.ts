import { WipeMethod as Proto } from "../../api/gen/ingot/agent/v1/wipe_pb.js";
import type { WipeMethod } from "../resources/wipe-methods.ts";

/** The methods as the wire numbers them. */
export const methodNumbers: Readonly<Record<WipeMethod, Proto>> = {
  fast: Proto.FAST,
  discard: Proto.DISCARD,
  zero: Proto.ZERO,
  secureDiscard: Proto.SECURE_DISCARD,
  nvmeFormat: Proto.NVME_FORMAT,
  nvmeFormatCryptographic: Proto.NVME_FORMAT_CRYPTOGRAPHIC,
  nvmeSanitizeBlock: Proto.NVME_SANITIZE_BLOCK,
  nvmeSanitizeCryptographic: Proto.NVME_SANITIZE_CRYPTOGRAPHIC,
  nvmeSanitizeOverwrite: Proto.NVME_SANITIZE_OVERWRITE,
  ataSecurityErase: Proto.ATA_SECURITY_ERASE,
  ataSecurityEraseEnhanced: Proto.ATA_SECURITY_ERASE_ENHANCED,
  scsiSanitize: Proto.SCSI_SANITIZE,
  scsiFormatUnit: Proto.SCSI_FORMAT_UNIT,
  overwrite: Proto.OVERWRITE,
};

const names = new Map(
  Object.entries(methodNumbers).map(([name, number]) => [number, name as WipeMethod] as const),
);

/** Undefined where none was chosen. */
export const methodName = (number: Proto): WipeMethod | undefined => names.get(number);
