// The character strings and times of X.680 that certificates use.
import { isUtf8 } from "node:buffer";
import type { Codec } from "./codec.ts";
import { MalformedDer } from "./element.ts";
import { primitive } from "./primitives.ts";

const printable = /^[A-Za-z0-9 '()+,\-./:=?]*$/;
const ascii = /^[\0-\x7f]*$/;

export const utf8String = primitive<string>(
  0x0c,
  (value) => Buffer.from(value, "utf8"),
  (content) => {
    if (!isUtf8(content)) throw new MalformedDer("text that is not UTF-8");
    return Buffer.from(content).toString("utf8");
  },
);

export const printableString = restricted(0x13, "PrintableString", printable);

export const ia5String = restricted(0x16, "IA5String", ascii);

function restricted(tag: number, name: string, alphabet: RegExp): Codec<string> {
  const checked = (text: string) => {
    if (!alphabet.test(text)) throw new MalformedDer(`text that is no ${name}`);
    return text;
  };
  return primitive<string>(
    tag,
    (value) => Buffer.from(checked(value), "latin1"),
    (content) => checked(Buffer.from(content).toString("latin1")),
  );
}

export const isPrintable = (text: string) => printable.test(text);

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050, to the second, in Z. */
export const time: Codec<Date> = {
  accepts: (tag) => tag === 0x17 || tag === 0x18,
  encode: (value) => (isLate(value) ? generalizedTime : utcTime).encode(value),
  decode: (element) => (element.tag === 0x17 ? utcTime : generalizedTime).decode(element),
};

const isLate = (date: Date) => date.getUTCFullYear() >= 2050 || date.getUTCFullYear() < 1950;

const digits = (date: Date) => date.toISOString().replace(/[-:T]|\.\d+/g, "");

const utcTime = primitive<Date>(
  0x17,
  (value) => Buffer.from(digits(value).slice(2), "latin1"),
  (content) => {
    const text = Buffer.from(content).toString("latin1");
    return dateFrom(`${Number(text.slice(0, 2)) < 50 ? 20 : 19}${text}`);
  },
);

const generalizedTime = primitive<Date>(
  0x18,
  (value) => {
    if (value.getUTCFullYear() > 9999) throw new MalformedDer("a year past 9999");
    return Buffer.from(digits(value), "latin1");
  },
  (content) => {
    const date = dateFrom(Buffer.from(content).toString("latin1"));
    if (!isLate(date)) throw new MalformedDer("a GeneralizedTime where UTCTime is due");
    return date;
  },
);

const timeForm = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

function dateFrom(text: string): Date {
  const date = new Date(text.replace(timeForm, "$1-$2-$3T$4:$5:$6Z"));
  // Date rolls 30 February over into March: what does not come back the same was no time.
  if (!timeForm.test(text) || Number.isNaN(date.getTime()) || digits(date) !== text) {
    throw new MalformedDer("a time that is none");
  }
  return date;
}
