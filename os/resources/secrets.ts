import * as z from "zod";
import { secrets } from "./declare.ts";

/** PEM in base64, as the machine config has it. */
const authority = z.strictObject({ crt: z.string() });

/** What makes the node trusted, and whom it trusts. Id: `os`. */
export const OsRootSecret = secrets(
  "OSRootSecrets",
  z.strictObject({
    /** Without its key on a worker. */
    issuingCA: authority.extend({ key: z.string() }),
    acceptedCAs: z.array(authority),
    certSANIPs: z.array(z.string()),
    certSANDNSNames: z.array(z.string()),
    token: z.string(),
  }),
  { sensitive: true },
);
