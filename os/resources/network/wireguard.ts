import * as z from "zod";
import { ingotNetwork } from "../declare.ts";

/** Keys and peers of a WireGuard link. Id: the link's name. Apart from the link, because its keys are secret. */
export const WireguardSpec = ingotNetwork(
  "WireguardSpecs",
  z.strictObject({
    /** Keys are in base64. */
    privateKey: z.string(),
    /** 0: any. */
    listenPort: z.int(),
    firewallMark: z.int(),
    peers: z.array(
      z.strictObject({
        publicKey: z.string(),
        /** Empty: none. */
        presharedKey: z.string(),
        /** Empty: wherever it was last heard from. */
        endpoint: z.string(),
        keepaliveSeconds: z.int(),
        allowedIps: z.array(z.string()),
      }),
    ),
  }),
  { sensitive: true, columns: { "Listen Port": "{.listenPort}" } },
);
