import type { SetWireguard } from "../controllers/network/wireguard.ts";
import { families } from "../kernel/netlink/address.ts";
import { familyNamed } from "../kernel/netlink/generic.ts";
import { Rtnetlink } from "../kernel/netlink/rtnetlink.ts";
import {
  replaceAllowedIps,
  replacePeers,
  wireguardCommands,
  wireguardFamily,
  wireguardMessage,
} from "../kernel/netlink/wireguard.ts";

/** What the kernel takes for a key that is not there. */
const noKey = new Uint8Array(32);

export const setWireguard: SetWireguard = async (index, { privateKey, listenPort, firewallMark, peers }) => {
  using kernel = new Rtnetlink({ protocol: "generic" });
  const family = await familyNamed(kernel, wireguardFamily);
  const key = (base64: string) => (base64 === "" ? noKey : Uint8Array.from(Buffer.from(base64, "base64")));
  await kernel.change("set the keys and peers of a link", family, wireguardMessage, {
    ...{ command: wireguardCommands.set, version: 1, reserved: 0 },
    attributes: {
      ...{ index, privateKey: key(privateKey), flags: replacePeers, listenPort, firewallMark },
      peers: peers.map(({ publicKey, presharedKey, endpoint, keepaliveSeconds, allowedIps }) => ({
        ...{ publicKey: key(publicKey), presharedKey: key(presharedKey), flags: replaceAllowedIps },
        ...(endpoint !== "" && { endpoint }),
        keepaliveSeconds,
        allowedIps: allowedIps.map((network) => {
          const [address = "", length = ""] = network.split("/");
          const isSix = address.includes(":");
          const usual = isSix ? 128 : 32;
          return {
            ...{ family: isSix ? families.ipv6 : families.ipv4, address },
            length: length === "" ? usual : Number(length),
          };
        }),
      })),
    },
  });
};
