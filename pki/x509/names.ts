import type { ValueOf } from "../asn1/codec.ts";
import { choice, sequence, sequenceOf, setOf } from "../asn1/constructed.ts";
import { any, oid } from "../asn1/primitives.ts";
import { ia5String, isPrintable, printableString, utf8String } from "../asn1/strings.ts";

/** RFC 5280 §4.1.2.4. Values in the older character sets are carried, not read. */
export const name = sequenceOf(
  setOf(
    sequence({
      type: oid,
      value: choice({ printable: printableString, utf8: utf8String, ia5: ia5String, other: any }),
    }),
  ),
);
type RawName = ValueOf<typeof name>;

/** Who a certificate speaks of. In this house the organizations of a client are its roles. */
export interface Name {
  readonly commonName?: string | undefined;
  readonly organization?: readonly string[];
  readonly organizationalUnit?: readonly string[];
}

/** RFC 4519 */
const attributes = {
  organization: "2.5.4.10",
  organizationalUnit: "2.5.4.11",
  commonName: "2.5.4.3",
} as const;

export function rawName({ organization = [], organizationalUnit = [], commonName }: Name): RawName {
  const rows = [
    ...organization.map((text) => [attributes.organization, text] as const),
    ...organizationalUnit.map((text) => [attributes.organizationalUnit, text] as const),
    ...(commonName === undefined ? [] : [[attributes.commonName, commonName] as const]),
  ];
  return rows.map(([type, text]) => [
    { type, value: { is: isPrintable(text) ? "printable" : "utf8", value: text } as const },
  ]);
}

export function readName(raw: RawName): Name {
  const texts = (type: string) =>
    raw.flat().flatMap((row) => (row.type === type && row.value.is !== "other" ? [row.value.value] : []));
  return {
    commonName: texts(attributes.commonName).at(-1),
    organization: texts(attributes.organization),
    organizationalUnit: texts(attributes.organizationalUnit),
  };
}

/** For messages: `O=talos, CN=node-1`. */
export function nameText({ organization = [], organizationalUnit = [], commonName }: Name): string {
  const parts = [
    ...organization.map((text) => `O=${text}`),
    ...organizationalUnit.map((text) => `OU=${text}`),
    ...(commonName === undefined ? [] : [`CN=${commonName}`]),
  ];
  return parts.join(", ") || "(no subject)";
}
