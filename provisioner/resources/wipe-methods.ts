/** The ways to erase a disk, as ingot.agent.v1 names them, in words for people. */
export const wipeMethods = [
  "fast",
  "discard",
  "zero",
  "secureDiscard",
  "nvmeFormat",
  "nvmeFormatCryptographic",
  "nvmeSanitizeBlock",
  "nvmeSanitizeCryptographic",
  "nvmeSanitizeOverwrite",
  "ataSecurityErase",
  "ataSecurityEraseEnhanced",
  "scsiSanitize",
  "scsiFormatUnit",
  "overwrite",
] as const;

export type WipeMethod = (typeof wipeMethods)[number];
