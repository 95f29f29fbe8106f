import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

/** That a boot token was exchanged: it buys one certificate, whichever provisioner it is shown to. Id: the token's. */
export const SpentBootToken = declare("SpentBootTokens", {
  aliases: [],
  columns: { machine: "{.machine}", expires: "{.expiresAt}" },
  spec: z.strictObject({
    machine: z.string(),
    spentAt: timestamp,
    /** After this the token is refused for its age, and this record has no more use. */
    expiresAt: timestamp,
  }),
});
