import { implicit, sequence, setOf } from "../asn1/constructed.ts";
import { any, integer, oid } from "../asn1/primitives.ts";
import { name } from "./names.ts";

/** RFC 2986 §4.1 */
export const requestContent = sequence({
  version: integer,
  subject: name,
  publicKey: any,
  attributes: implicit(0, setOf(sequence({ type: oid, values: setOf(any) })), "constructed"),
});

/** RFC 2985 §5.4.2: the attribute that asks for extensions. */
export const extensionRequest = "1.2.840.113549.1.9.14";
