import * as z from "zod";
import { ingotRuntime } from "../declare.ts";

/** Authorities that a document of the config has the machine trust. Id: the document's name. */
export const TrustedRoots = ingotRuntime(
  "TrustedRoots",
  z.strictObject({
    certificates: z.array(
      z.strictObject({ subject: z.string(), notAfter: z.string(), fingerprint: z.string() }),
    ),
    /** Why none of them is trusted; empty when they are. */
    errorMessage: z.string(),
  }),
  { columns: { Subjects: "{.certificates[*].subject}", Error: "{.errorMessage}" } },
);
