// IPv4 and UDP headers around a DHCP packet, for the time when the kernel has no address to send from.
// RFC 791 §3.1, RFC 768, RFC 1071.
import { ipv4 } from "../../../wire/addresses.ts";
import { decode, encode } from "../../../wire/codec.ts";
import { u8, u16 } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";

const ipHeader = struct({
  versionAndWords: u8,
  service: u8,
  size: u16,
  identification: u16,
  fragment: u16,
  timeToLive: u8,
  protocol: u8,
  checksum: u16,
  source: ipv4,
  destination: ipv4,
});
const udpHeader = struct({ sourcePort: u16, destinationPort: u16, size: u16, checksum: u16 });
const pseudoHeader = struct({ source: ipv4, destination: ipv4, protocol: u16, size: u16 });
const ipSize = 20;
const udpSize = 8;
const UDP = 17;
const moreFragmentsOrOffset = 0x3fff;

export interface Datagram {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

export function encodeDatagram({
  source,
  destination,
  sourcePort,
  destinationPort,
  payload,
}: Datagram): Uint8Array {
  const size = udpSize + payload.length;
  const udp = { sourcePort, destinationPort, size, checksum: 0 };
  const pseudo = encode(pseudoHeader, { source, destination, protocol: UDP, size });
  const udpChecksum = checksum(Buffer.concat([pseudo, encode(udpHeader, udp), payload]));
  const ip = {
    versionAndWords: 0x45,
    service: 0,
    size: ipSize + size,
    identification: 0,
    fragment: 0,
    timeToLive: 64,
    protocol: UDP,
    checksum: 0,
    source,
    destination,
  };
  return Buffer.concat([
    encode(ipHeader, { ...ip, checksum: checksum(encode(ipHeader, ip)) }),
    // RFC 768: zero would mean "no checksum", so its other form is sent.
    encode(udpHeader, { ...udp, checksum: udpChecksum || 0xffff }),
    payload,
  ]);
}

/**
 * The UDP datagram in an IPv4 packet; a sentence for anything else. The checksum is not looked at: between machines on
 * one host (veth, virtio) it is left for hardware to fill in, and a packet socket sees the packet before that.
 */
export function decodeDatagram(packet: Uint8Array): Datagram | string {
  if (packet.length < ipSize) return "shorter than an IPv4 header";
  const ip = decode(ipHeader, packet.subarray(0, ipSize));
  const headerSize = (ip.versionAndWords & 15) * 4;
  if (ip.versionAndWords >> 4 !== 4 || headerSize < ipSize) return "not IPv4";
  if (ip.protocol !== UDP) return "not UDP";
  if ((ip.fragment & moreFragmentsOrOffset) !== 0) return "a fragment";
  // Ethernet pads short packets: what counts is the size that the header tells.
  if (ip.size < headerSize + udpSize || ip.size > packet.length) return "cut off";

  const body = packet.subarray(headerSize, ip.size);
  const udp = decode(udpHeader, body.subarray(0, udpSize));
  if (udp.size < udpSize || udp.size > body.length) return "cut off";
  const { source, destination } = ip;
  const { sourcePort, destinationPort } = udp;
  return { source, destination, sourcePort, destinationPort, payload: body.subarray(udpSize, udp.size) };
}

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
