import { z } from "zod";
import { secret } from "../../cosi/secret.ts";
import { declare } from "./declare.ts";

/**
 * What machines and pxe-servers trust this provisioner by: one authority, and the key of its boot tokens. Several
 * provisioners on one store share it. Id: `machines`.
 */
export const Trust = declare("Trusts", {
  aliases: ["trust"],
  columns: { fingerprint: "{.fingerprint}" },
  sensitive: true,
  spec: z.strictObject({
    certificate: z.string(),
    /** SHA-256 of the certificate, hex: it travels in kernel arguments. */
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
    key: secret(z.string()),
    bootTokenKey: secret(z.string()),
  }),
});
