import * as z from "zod";
import { byteSize, flag, integer, text, u64 } from "../schema/scalars.ts";
import { list, section } from "../schema/section.ts";

/** A size with a comparison: `>= 100GB`, `4GB`. */
const sizeMatcher = z
  .string()
  .regex(
    /^\s*(?:[<>]=?|==)?\s*\d+(?:\.\d+)?\s*(?:[kKMGTPE]i?)?[bB]?\s*$/,
    'is no size to compare with, such as ">= 100GB"',
  );

export const diskSelector = section({
  size: sizeMatcher,
  name: text,
  model: text,
  serial: text,
  modalias: text,
  uuid: text,
  wwid: text,
  type: z.enum(["", "ssd", "hdd", "nvme", "sd"]),
  busPath: text,
});

export const install = section({
  disk: text,
  diskSelector,
  extraKernelArgs: list(text),
  image: text,
  extensions: list(section({ image: text })),
  bootloader: flag,
  wipe: flag,
  legacyBIOSSupport: flag,
  grubUseUKICmdline: flag,
});

/** Bytes, or a size as people write it. */
const diskSize = z.union([u64, byteSize]);

export const disk = section({
  device: text,
  partitions: list(section({ size: diskSize, mountpoint: text })),
});

const systemEncryption = section({
  provider: text,
  keys: list(
    section({
      static: section({ passphrase: text }),
      nodeID: section({}),
      kms: section({ endpoint: text }),
      slot: integer,
      tpm: section({ checkSecurebootStatusOnEnroll: flag }),
    }),
  ),
  cipher: text,
  keySize: u64,
  blockSize: u64,
  options: list(text),
});

export const systemDiskEncryption = section({ state: systemEncryption, ephemeral: systemEncryption });
