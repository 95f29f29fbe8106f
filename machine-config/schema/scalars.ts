import { isIP } from "node:net";
import * as z from "zod";

export const text = z.string();
export const flag = z.boolean();

const whole = (max: number) => z.int().min(0).max(max);
export const u8 = whole(0xff);
export const u16 = whole(0xffff);
export const u32 = whole(0xffff_ffff);
export const u64 = whole(Number.MAX_SAFE_INTEGER);
export const integer = z.int();
export const port = whole(65535);

/** As Go writes durations: `1h30m`, `250ms`. */
export const duration = z
  .string()
  .regex(
    /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/,
    "is no duration, such as 1m30s",
  );

export const address = z.string().refine((value) => isIP(value) !== 0, "is no IP address");

export function isCidr(value: string): boolean {
  const [ip = "", bits = "", ...more] = value.split("/");
  const family = isIP(ip);
  return (
    family !== 0 &&
    more.length === 0 &&
    /^(?:0|[1-9]\d*)$/.test(bits) &&
    Number(bits) <= (family === 4 ? 32 : 128)
  );
}

export const cidr = z.string().refine(isCidr, "is no address with a prefix length, such as 10.0.0.1/24");

export const isAddressOrCidr = (value: string) => isIP(value) !== 0 || isCidr(value);

export const routingTable = z
  .string()
  .regex(/^(?:unspec|default|main|local|[1-9]\d{0,9}|0)$/, "is no routing table: main, or a number");

/** `10.0.0.1:50` or `[fd00::1]:50` */
export const addressAndPort = z.string().refine((value) => {
  const [, v6, v4, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value) ?? [];
  return isIP(v6 ?? v4 ?? "") === (v6 === undefined ? 4 : 6) && Number(port) <= 65535;
}, "is no address with a port, such as 10.0.0.1:51820");

const octets = /^[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2})+$/;
export const hardwareAddress = z.string().regex(octets, "is no hardware address, such as 02:00:00:00:00:01");

export const url = z.string().refine((value) => value === "" || URL.canParse(value), "is no URL");

const bytes = String.raw`\d+(?:\.\d+)?\s*(?:[kKMGTPE]i?)?[bB]?`;
/** `100GiB`, `2TB`, `512` */
export const byteSize = z.string().regex(new RegExp(`^-?${bytes}$`), "is no size, such as 100GiB");
export const byteSizeOrPercent = z
  .string()
  .regex(new RegExp(String.raw`^-?(?:${bytes}|\d+(?:\.\d+)?%)$`), "is no size, such as 100GiB or 80%");

/** An expression in CEL over a disk or a link. Compiled where it is used. */
export const expression = z.string();

export const isBase64 = (value: string) => Buffer.from(value, "base64").toString("base64") === value;
/** PEM in base64, as machine configs carry certificates and keys. */
export const base64 = z.string().refine(isBase64, "is not base64");

/** A value of a command line's argument: one, or several in order. */
export const argument = z.union([text, z.array(text)]);
