import { type Codec, decode, inField, type ValueOf } from "../asn1/codec.ts";
import { defaulted, implicit, mapped, optional, sequence, sequenceOf } from "../asn1/constructed.ts";
import { MalformedDer } from "../asn1/element.ts";
import { boolean, integer, namedBits, octetString, oid } from "../asn1/primitives.ts";
import { generalNames } from "./general-names.ts";

/** RFC 5280 §4.2.1.3, in the order of their bits. */
const keyUsages = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "certSign",
  "crlSign",
  "encipherOnly",
  "decipherOnly",
] as const;
export type KeyUsage = (typeof keyUsages)[number];

/** RFC 5280 §4.2.1.12 */
const purposes = {
  any: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;
export type Purpose = Exclude<keyof typeof purposes, "any">;

/** What a certificate's key may be used for in TLS; a purpose that has no name here stays its number. */
const extendedKeyUsage: Codec<readonly string[]> = mapped(
  sequenceOf(oid),
  (ids) => ids.map((id) => Object.entries(purposes).find(([, known]) => known === id)?.[0] ?? id),
  (names) => names.map((name) => purposes[name as Purpose] ?? name),
);

/** Adding an extension is adding a row. RFC 5280 §4.2.1 says which are critical. */
const table = {
  authorityKeyIdentifier: [
    "2.5.29.35",
    false,
    sequence({
      keyIdentifier: optional(implicit(0, octetString, "primitive")),
      issuer: optional(implicit(1, generalNames, "constructed")),
      serialNumber: optional(implicit(2, integer, "primitive")),
    }),
  ],
  subjectKeyIdentifier: ["2.5.29.14", false, octetString],
  keyUsage: ["2.5.29.15", true, namedBits(keyUsages)],
  extendedKeyUsage: ["2.5.29.37", false, extendedKeyUsage],
  basicConstraints: [
    "2.5.29.19",
    true,
    sequence({ isAuthority: defaulted(boolean, false), pathLength: optional(integer) }),
  ],
  subjectAltName: ["2.5.29.17", false, generalNames],
} as const satisfies Readonly<
  Record<string, readonly [id: string, critical: boolean, codec: Codec<unknown>]>
>;

type Table = typeof table;
export type Extensions = { readonly [N in keyof Table]?: ValueOf<Table[N][2]> | undefined };

/** RFC 5280 §4.1.2.9 */
export const rawExtensions = sequenceOf(
  sequence({ id: oid, critical: defaulted(boolean, false), value: octetString }),
);
type RawExtensions = ValueOf<typeof rawExtensions>;

const rows = Object.entries(table) as [keyof Table, readonly [string, boolean, Codec<unknown>]][];

/** §4.2.1.6: the alternative names are critical when they are all the name there is. */
export function writeExtensions(values: Extensions, { isNamed }: { isNamed: boolean }): RawExtensions {
  return rows.flatMap(([name, [id, critical, codec]]) => {
    const value = values[name];
    if (value === undefined) return [];
    return [
      { id, critical: critical || (name === "subjectAltName" && !isNamed), value: codec.encode(value) },
    ];
  });
}

export interface ReadExtensions extends Extensions {
  /** Ids of critical extensions that we do not know: whoever does not understand them must refuse the certificate. */
  readonly unknownCritical: readonly string[];
}

export function readExtensions(raw: RawExtensions): ReadExtensions {
  if (new Set(raw.map(({ id }) => id)).size < raw.length) throw new MalformedDer("has an extension twice");
  const values: Partial<Record<keyof Table, unknown>> = {};
  const unknownCritical: string[] = [];
  for (const { id, critical, value } of raw) {
    const row = rows.find(([, [known]]) => known === id);
    if (row) values[row[0]] = inField(row[0], () => decode(row[1][2], value));
    else if (critical) unknownCritical.push(id);
  }
  return { ...(values as Extensions), unknownCritical };
}
