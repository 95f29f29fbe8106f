import { z } from "zod";
import { secret } from "../../cosi/secret.ts";
import { declare } from "./declare.ts";

/** How to reach a machine's BMC. Id: the machine's. The password is encrypted at rest. */
export const BmcConfig = declare("BmcConfigs", {
  aliases: ["bmc", "bmcs", "bmcconfig"],
  columns: { address: "{.address}", driver: "{.driver}", user: "{.user}", origin: "{.origin}" },
  sensitive: true,
  spec: z.strictObject({
    address: z.string().min(1),
    port: z.int().min(1).max(65_535).optional(),
    /** `automatic`: Redfish where it answers, else IPMI; looked at again each time, never remembered for ever. */
    driver: z.enum(["automatic", "redfish", "ipmi"]),
    user: z.string(),
    password: secret(z.string()),
    tls: z.discriminatedUnion("verify", [
      z.strictObject({ verify: z.literal("system") }),
      z.strictObject({ verify: z.literal("authority"), pem: z.string() }),
      z.strictObject({ verify: z.literal("fingerprint"), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      z.strictObject({ verify: z.literal("off") }),
    ]),
    /** `given` by an operator, or an account that Ingot `made` from inside the machine. */
    origin: z.enum(["given", "made"]),
  }),
});
