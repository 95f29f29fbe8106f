import { defaulted, explicit, implicit, optional, sequence } from "../asn1/constructed.ts";
import { any, bitString, integer } from "../asn1/primitives.ts";
import { time } from "../asn1/strings.ts";
import { algorithmIdentifier } from "./algorithms.ts";
import { rawExtensions } from "./extensions.ts";
import { name } from "./names.ts";

/** Something signed (RFC 5280 §4.1, RFC 2986 §4.2): what was signed is kept as it stood. */
export const signed = sequence({ content: any, algorithm: algorithmIdentifier, signature: bitString });

/** RFC 5280 §4.1.2 */
export const certificateContent = sequence({
  version: defaulted(explicit(0, integer), 0n),
  serialNumber: integer,
  algorithm: algorithmIdentifier,
  issuer: name,
  validity: sequence({ notBefore: time, notAfter: time }),
  subject: name,
  publicKey: any,
  issuerUniqueId: optional(implicit(1, bitString, "primitive")),
  subjectUniqueId: optional(implicit(2, bitString, "primitive")),
  extensions: optional(explicit(3, rawExtensions)),
});

/** The number for "v3", the only version with extensions. */
export const version3 = 2n;
