import type { Codec } from "../asn1/codec.ts";
import { type Alternative, choice, implicit, sequenceOf } from "../asn1/constructed.ts";
import { MalformedDer } from "../asn1/element.ts";
import { any, primitive } from "../asn1/primitives.ts";
import { ipOctets, ipText } from "./ip-address.ts";

/** IA5 text of visible characters only: a NUL or a line break in a host name is somebody's attack. */
const visibleText = primitive<string>(
  0x16,
  (value) => Buffer.from(visible(value), "latin1"),
  (content) => visible(Buffer.from(content).toString("latin1")),
);

function visible(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new MalformedDer("a name with characters that no name has");
  return text;
}

const ipAddress = primitive<string>(
  0x04,
  (value) => {
    const octets = ipOctets(value);
    if (!octets) throw new MalformedDer(`"${value}" is no IP address`);
    return octets;
  },
  (content) => {
    const text = ipText(content);
    if (text === undefined) throw new MalformedDer(`an IP address of ${content.length} octets`);
    return text;
  },
);

/** The kinds of name that we carry but do not read: otherName, x400Address, directoryName, … */
const unread: Codec<Uint8Array> = { ...any, accepts: (tag) => (tag & 0xc0) === 0x80 };

/** RFC 5280 §4.2.1.6 */
const alternatives = {
  email: implicit(1, visibleText, "primitive"),
  dns: implicit(2, visibleText, "primitive"),
  uri: implicit(6, visibleText, "primitive"),
  ip: implicit(7, ipAddress, "primitive"),
  unread,
} as const;

export type GeneralName = Alternative<typeof alternatives>;
export const generalNames: Codec<readonly GeneralName[]> = sequenceOf(choice(alternatives));
