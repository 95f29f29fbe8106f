// Who may call itself a pxe-server.
import { z } from "zod";
import type { Identity } from "../../pki/authority.ts";
import { Problem } from "./problem.ts";
import { isScoped } from "./reader.ts";
import { root } from "./resource-routes.ts";
import type { Route } from "./route.ts";

export interface EnrolOptions {
  /** The authority's certificate (PEM). */
  readonly authority: string;
  readonly segmentIdentity: (segment: string) => Promise<Identity>;
}

export const enrolRoute = ({ authority, segmentIdentity }: EnrolOptions): Route => ({
  method: "POST",
  path: `${root}/segments/{id}/enrol`,
  role: "admin",
  operation: "segments.enrol",
  about:
    "Makes a certificate for the pxe-server of that network, good for a year. Its key is in this answer and nowhere else.",
  body: z.strictObject({}),
  handle: async ({ params, who }) => {
    if (isScoped(who)) throw new Problem(403, "the token is for some machines, and a pxe-server is for all");
    const { certificate, key } = await segmentIdentity(params["id"]!);
    return { status: 201, body: { authority, certificate: certificate.pem, key: key.pkcs8Pem } };
  },
});
