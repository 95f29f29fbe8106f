// What a switch port says of itself (IEEE 802.1AB): type-length-values of 7 and 9 bits in an Ethernet frame. It comes
// from whoever is at the other end of the cable, before anybody has been let in.
import { ipv4, ipv6 } from "../../../wire/addresses.ts";
import { rest } from "../../../wire/bytes.ts";
import { type Codec, decode, decodeWithin, type ValueOf } from "../../../wire/codec.ts";
import { u8, u16 } from "../../../wire/integers.ts";
import type { Reader } from "../../../wire/reader.ts";
import { struct } from "../../../wire/struct.ts";

export interface Neighbor {
  readonly chassisId: string;
  readonly portId: string;
  /** How long to believe it; 0: it is leaving. */
  readonly ttlSeconds: number;
  readonly portDescription: string;
  readonly systemName: string;
  readonly systemDescription: string;
  readonly managementAddresses: readonly string[];
  /** The VLAN that the port puts untagged frames into (802.1 organization, subtype 1). */
  readonly vlanId: number | undefined;
}

const types = {
  end: 0,
  chassisId: 1,
  portId: 2,
  ttl: 3,
  portDescription: 4,
  systemName: 5,
  systemDescription: 6,
  managementAddress: 8,
  organization: 127,
} as const;

const organization802Dot1 = 0x0080c2;
const portVlanSubtype = 1;

/** Throws WireError for what is no LLDP. */
export const neighborOf = (payload: Uint8Array): Neighbor => decode(neighbor, payload);

const neighbor: Codec<Neighbor> = {
  decode(r) {
    const found = new Map<number, string>();
    const managementAddresses: string[] = [];
    let ttlSeconds: number | undefined;
    let vlanId: number | undefined;
    for (const { type, size } of headers(r)) {
      if (type === types.chassisId || type === types.portId) {
        found.set(type, idText(type, decodeWithin(r, size, id)));
      } else if (type === types.ttl) {
        // Room for more is left by the standard.
        ttlSeconds = decodeWithin(r, size, ttl).seconds;
      } else if (type === types.managementAddress) {
        const address = decodeWithin(r, size, managementAddress);
        if (address !== undefined) managementAddresses.push(address);
      } else if (type === types.organization) {
        vlanId ??= decodeWithin(r, size, portVlan);
      } else if (type >= types.portDescription && type <= types.systemDescription) {
        found.set(type, printable(r.view(size)));
      } else {
        r.take(size);
      }
    }
    const chassisId = found.get(types.chassisId);
    const portId = found.get(types.portId);
    if (chassisId === undefined || portId === undefined || ttlSeconds === undefined)
      throw r.error("lacks its chassis, its port or its time to live");
    return {
      chassisId,
      portId,
      ttlSeconds,
      portDescription: found.get(types.portDescription) ?? "",
      systemName: found.get(types.systemName) ?? "",
      systemDescription: found.get(types.systemDescription) ?? "",
      managementAddresses,
      vlanId,
    };
  },
  encode: (w) => {
    throw w.error("we only listen");
  },
};

function* headers(r: Reader): Generator<{ type: number; size: number }> {
  while (r.left >= 2) {
    const header = u16.decode(r);
    const type = header >> 9;
    if (type === types.end) break;
    yield { type, size: header & 0x1ff };
  }
  // Ethernet pads short frames.
  r.take(r.left);
}

const id = struct({ subtype: u8, value: rest });
const ttl = struct({ seconds: u16, more: rest });

/** Subtypes that hold a MAC or a network address; all others are text that a person chose. */
const macSubtype = { [types.chassisId]: 4, [types.portId]: 3 } as const;
const networkSubtype = { [types.chassisId]: 5, [types.portId]: 4 } as const;

function idText(type: 1 | 2, { subtype, value }: ValueOf<typeof id>): string {
  if (subtype === macSubtype[type] && value.length === 6) return hex(value, ":");
  if (subtype === networkSubtype[type]) return networkAddress(value) ?? hex(value, "");
  return printable(value);
}

/** IANA address family numbers: 1 and 2; then the address. */
function networkAddress(bytes: Uint8Array): string | undefined {
  const address = bytes.subarray(1);
  if (bytes[0] === 1 && address.length === 4) return decode(ipv4, address);
  if (bytes[0] === 2 && address.length === 16) return decode(ipv6, address);
  return undefined;
}

const managementAddress = readOnly((r): string | undefined => {
  const size = u8.decode(r);
  const address = networkAddress(r.view(size));
  // The number of the interface and an object identifier follow.
  r.take(r.left);
  return address;
});

const portVlan = readOnly((r): number | undefined => {
  const isPortVlan = r.left === 6 && (u16.decode(r) << 8) + u8.decode(r) === organization802Dot1;
  const vlanId = isPortVlan && u8.decode(r) === portVlanSubtype ? u16.decode(r) : undefined;
  r.take(r.left);
  return vlanId === 0 ? undefined : vlanId;
});

function readOnly<T>(read: (r: Reader) => T): Codec<T> {
  return {
    decode: read,
    encode: (w) => {
      throw w.error("we only listen");
    },
  };
}

/** UTF-8 without what would move a terminal's cursor. */
const printable = (bytes: Uint8Array) =>
  new TextDecoder()
    .decode(bytes)
    .replace(/\p{C}+/gu, " ")
    .trim();

const hex = (bytes: Uint8Array, between: string) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(between);
