import { addressAndPort, cidr, duration, integer, isBase64, text } from "../schema/scalars.ts";
import { list, section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";
import { commonLink, linkRules } from "./link.ts";

const isKey = (value: string) => isBase64(value) && Buffer.from(value, "base64").length === 32;
const notKey = "is no WireGuard key: 32 bytes in base64";

export const wireguardConfig = documentKind({
  kind: "WireguardConfig",
  named: true,
  fields: {
    privateKey: text,
    listenPort: integer,
    firewallMark: integer,
    peers: list(
      section({
        publicKey: text,
        presharedKey: text,
        endpoint: addressAndPort,
        persistentKeepaliveInterval: duration,
        allowedIPs: list(cidr),
      }),
    ),
    ...commonLink,
  },
  required: ["privateKey"],
  *rules(document) {
    const { privateKey, listenPort = 0, peers = [] } = document;
    yield* linkRules(document);
    if (privateKey && !isKey(privateKey)) yield ["privateKey", notKey];
    if (listenPort < 0 || listenPort > 65535) yield ["listenPort", "must be between 0 and 65535"];
    for (const [index, { publicKey = "", presharedKey, persistentKeepaliveInterval }] of peers.entries()) {
      if (!isKey(publicKey)) yield [`peers.${index}.publicKey`, notKey];
      if (presharedKey && !isKey(presharedKey)) yield [`peers.${index}.presharedKey`, notKey];
      if (persistentKeepaliveInterval?.startsWith("-")) {
        yield [`peers.${index}.persistentKeepaliveInterval`, "must not be negative"];
      }
    }
  },
});
