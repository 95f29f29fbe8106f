import { isIP, SocketAddress } from "node:net";

/** RFC 5280 §4.2.1.6: 4 octets of IPv4, 16 of IPv6. Undefined for text that is no address. */
export function ipOctets(text: string): Uint8Array | undefined {
  switch (isIP(text)) {
    case 4:
      return Uint8Array.from(text.split("."), Number);
    case 6:
      return text.includes("%") ? undefined : ipv6Octets(text);
    default:
      return undefined;
  }
}

function ipv6Octets(text: string): Uint8Array {
  const hexadecimal = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
  );
  const [head = [], tail = []] = hexadecimal
    .split("::")
    .map((part) => part.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail];
  return Uint8Array.from(
    groups.map((group) => Number.parseInt(group, 16)).flatMap((group) => [group >> 8, group & 0xff]),
  );
}

/** The address in its canonical text (RFC 5952); undefined unless there are 4 or 16 octets. */
export function ipText(octets: Uint8Array): string | undefined {
  if (octets.length === 4) return octets.join(".");
  if (octets.length !== 16) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) =>
    (octets[index * 2]! * 256 + octets[index * 2 + 1]!).toString(16),
  );
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}

/** The one spelling of an address, so that two spellings compare equal; other text as it is. */
export function canonicalIp(text: string): string {
  const octets = ipOctets(text);
  return (octets && ipText(octets)) ?? text;
}
