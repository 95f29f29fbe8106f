// A WireGuard link's keys and peers (Linux, include/uapi/linux/wireguard.h).
import { ipv4, ipv6 } from "../../../wire/addresses.ts";
import { bytes, padding, rest } from "../../../wire/bytes.ts";
import type { Codec, ValueOf } from "../../../wire/codec.ts";
import { u8, u16, u16le, u32le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { ipAddress } from "./address.ts";
import { attributeList, attributes, nested } from "./attributes.ts";
import { genericMessage } from "./generic.ts";

export const wireguardFamily = "wireguard";
export const wireguardCommands = { get: 0, set: 1 } as const;
/** What is not named is gone. */
export const replacePeers = 1;
export const replaceAllowedIps = 2;

/** `10.0.0.1:51820`, `[fd00::1]:51820` as a socket's address: struct sockaddr_in and sockaddr_in6. */
const v4 = struct({ family: u16le, port: u16, address: ipv4, gap: padding(8) });
const v6 = struct({ family: u16le, port: u16, flow: u32le, address: ipv6, scope: u32le });
const endpoint: Codec<string> = {
  decode(r) {
    if (r.left === 16) {
      const { address, port } = v4.decode(r);
      return `${address}:${port}`;
    }
    const { address, port } = v6.decode(r);
    return `[${address}]:${port}`;
  },
  encode(w, text) {
    const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
    if (six !== undefined)
      return v6.encode(w, { family: 10, port: Number(port), flow: 0, address: six, scope: 0 });
    if (four === undefined) throw w.error(`${text} is no address with a port`);
    v4.encode(w, { family: 2, port: Number(port), address: four });
  },
};

const peer = attributes({
  publicKey: [1, bytes(32)],
  presharedKey: [2, bytes(32)],
  flags: [3, u32le],
  endpoint: [4, endpoint],
  keepaliveSeconds: [5, u16le],
  lastHandshake: [6, rest],
  allowedIps: [
    9,
    nested(
      attributeList(nested(attributes({ family: [1, u16le], address: [2, ipAddress], length: [3, u8] }))),
    ),
  ],
});

export const wireguardMessage = genericMessage(
  attributes({
    index: [1, u32le],
    privateKey: [3, bytes(32)],
    flags: [5, u32le],
    listenPort: [6, u16le],
    firewallMark: [7, u32le],
    peers: [8, nested(attributeList(nested(peer)))],
  }),
);
export type WireguardMessage = ValueOf<typeof wireguardMessage>;
