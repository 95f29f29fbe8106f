import * as z from "zod";
import { byteSize, byteSizeOrPercent, expression, flag, integer, text, u64 } from "../schema/scalars.ts";
import { list, section } from "../schema/section.ts";
import type { Fault } from "./document-kind.ts";

/** Where a volume is made, and how large. */
export const provisioning = section({
  diskSelector: section({ match: expression }),
  grow: flag,
  minSize: byteSize,
  maxSize: byteSizeOrPercent,
});

export const encryption = section({
  provider: z.enum(["luks2"]),
  keys: list(
    section({
      slot: integer,
      static: section({ passphrase: text }),
      nodeID: section({}),
      kms: section({ endpoint: text }),
      tpm: section({ options: section({ pcrs: list(integer) }), checkSecurebootStatusOnEnroll: flag }),
      lockToState: flag,
    }),
  ),
  cipher: text,
  keySize: u64,
  blockSize: u64,
  options: list(text),
});

export function* encryptionRules(spec: z.output<typeof encryption> | undefined): Iterable<Fault> {
  if (spec === undefined || Object.keys(spec).length === 0) return;
  const { provider, keys = [] } = spec;
  if (provider === undefined) yield ["encryption.provider", "is required"];
  if (keys.length === 0) yield ["encryption.keys", "is required"];
  for (const [index, key] of keys.entries()) {
    const at = `encryption.keys.${index}`;
    if (keys.slice(0, index).some(({ slot = 0 }) => slot === (key.slot ?? 0))) {
      yield [at, `slot ${key.slot ?? 0} is in use already`];
    }
    if (!key.static && !key.nodeID && !key.kms && !key.tpm) {
      yield [at, "needs one of static, nodeID, kms, tpm"];
    }
    if (key.tpm?.options?.pcrs?.some((pcr) => pcr < 0 || pcr > 23)) {
      yield [`${at}.tpm.options.pcrs`, "has a register that is not between 0 and 23"];
    }
  }
}

export function* provisioningRules(
  spec: z.output<typeof provisioning> | undefined,
  { isRequired }: { isRequired: boolean },
): Iterable<Fault> {
  const { diskSelector, minSize, maxSize } = spec ?? {};
  if (isRequired && !diskSelector?.match) yield ["provisioning.diskSelector", "is required"];
  if (isRequired && !minSize && !maxSize) yield ["provisioning", "needs minSize or maxSize"];
  if (minSize?.startsWith("-")) yield ["provisioning.minSize", "must not be negative"];
  if (!minSize || !maxSize || maxSize.endsWith("%") || maxSize.startsWith("-")) return;
  if (sizeBytes(minSize) > sizeBytes(maxSize)) yield ["provisioning.minSize", "is greater than maxSize"];
}

/** A partition label of 36 characters at most carries it, behind a prefix of two. */
export function* volumeNameRules({ name = "" }: { readonly name?: string }): Iterable<Fault> {
  if (name.length > 34) yield ["name", "is longer than 34 characters"];
  if (/[^A-Za-z0-9-]/.test(name)) yield ["name", "may hold letters, digits and hyphens only"];
}

const units = ["", "k", "m", "g", "t", "p", "e"];

export function sizeBytes(size: string): number {
  const [, digits, unit = "", binary] = /^(-?[\d.]+)\s*([kmgtpe]?)(i?)b?$/i.exec(size) ?? [];
  return Number(digits) * (binary ? 1024 : 1000) ** units.indexOf(unit.toLowerCase());
}
