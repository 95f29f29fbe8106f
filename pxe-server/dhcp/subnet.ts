// IPv4 arithmetic: a prefix, and addresses as numbers.
export interface Subnet {
  readonly network: number;
  readonly width: number;
}

/** Throws on anything but four decimals with dots. */
export function addressNumber(text: string): number {
  const parts = text.split(".");
  const bytes = parts.map((part) => (/^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256));
  if (bytes.length !== 4 || bytes.some((byte) => byte > 255)) {
    throw new Error(`Cannot read ${JSON.stringify(text)}: not an IPv4 address`);
  }
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

export const addressText = (number: number): string =>
  `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`;

/** `192.0.2.0/24`; host bits may be set, as in an interface's address. */
export function parseSubnet(text: string): Subnet {
  const [address = "", digits = ""] = text.split("/");
  const width = Number(digits);
  if (!/^\d{1,2}$/.test(digits) || width < 1 || width > 30) {
    throw new Error(`Cannot read ${JSON.stringify(text)}: a subnet is an address and a width from 1 to 30`);
  }
  return { network: (addressNumber(address) & maskOf(width)) >>> 0, width };
}

export const contains = ({ network, width }: Subnet, address: number): boolean =>
  (address & maskOf(width)) >>> 0 === network;

export const maskText = ({ width }: Subnet): string => addressText(maskOf(width));
export const broadcastOf = ({ network, width }: Subnet): number => (network | ~maskOf(width)) >>> 0;

const maskOf = (width: number) => (0xffffffff << (32 - width)) >>> 0;
