import { expect, test } from "vitest";
import { decode, encode } from "../../../wire/codec.ts";
import { replacePeers, type WireguardMessage, wireguardCommands, wireguardMessage } from "./wireguard.ts";

const key = (byte: number) => new Uint8Array(32).fill(byte);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("a link's peers are marked as nested, with their ends as socket addresses", () => {
  const message: WireguardMessage = {
    ...{ command: wireguardCommands.set, version: 1, reserved: 0 },
    attributes: {
      ...{ index: 7, flags: replacePeers, listenPort: 51_820 },
      peers: [
        {
          ...{ publicKey: key(1), endpoint: "192.0.2.1:51821", keepaliveSeconds: 25 },
          allowedIps: [
            { family: 2, address: "10.0.0.0", length: 8 },
            { family: 10, address: "fd00::", length: 8 },
          ],
        },
        { publicKey: key(2), endpoint: "[2001:db8::1]:51822" },
      ],
    },
  };
  const bytes = encode(wireguardMessage, message);
  expect(decode(wireguardMessage, bytes)).toEqual(message);
  const text = hex(bytes);
  // Command 1, version 1; WGDEVICE_A_IFINDEX.
  expect(text.slice(0, 24)).toBe("010100000800010007000000");
  // struct sockaddr_in, padded to 16 bytes: the port in network order.
  expect(text).toContain(`140004000200ca6dc0000201${"0".repeat(16)}`);
  // NLA_F_NESTED on the list, on each of its peers and on the networks of each.
  expect([...text.matchAll(/....0880/g)]).toHaveLength(1);
  expect(text).toMatch(/....0080.*....0980.*....0080.*....0180.*....0180/);
});
