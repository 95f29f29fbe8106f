import { WipeMethod } from "../../api/gen/ingot/agent/v1/wipe_pb.js";
import type { MethodName } from "../block/wipe/method.ts";

const onTheWire = {
  fast: WipeMethod.FAST,
  discard: WipeMethod.DISCARD,
  zero: WipeMethod.ZERO,
  secureDiscard: WipeMethod.SECURE_DISCARD,
  nvmeFormat: WipeMethod.NVME_FORMAT,
  nvmeFormatCryptographic: WipeMethod.NVME_FORMAT_CRYPTOGRAPHIC,
  nvmeSanitizeBlock: WipeMethod.NVME_SANITIZE_BLOCK,
  nvmeSanitizeCryptographic: WipeMethod.NVME_SANITIZE_CRYPTOGRAPHIC,
  nvmeSanitizeOverwrite: WipeMethod.NVME_SANITIZE_OVERWRITE,
  ataSecurityErase: WipeMethod.ATA_SECURITY_ERASE,
  ataSecurityEraseEnhanced: WipeMethod.ATA_SECURITY_ERASE_ENHANCED,
  scsiSanitize: WipeMethod.SCSI_SANITIZE,
  scsiFormatUnit: WipeMethod.SCSI_FORMAT_UNIT,
  overwrite: WipeMethod.OVERWRITE,
} as const satisfies Record<MethodName, WipeMethod>;

export const toWire = (method: MethodName | undefined): WipeMethod =>
  method === undefined ? WipeMethod.UNSPECIFIED : onTheWire[method];

/** Undefined for one that only a newer provisioner knows. */
export const fromWire = (method: WipeMethod): MethodName | undefined =>
  (Object.keys(onTheWire) as MethodName[]).find((name) => onTheWire[name] === method);
