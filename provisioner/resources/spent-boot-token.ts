import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

/** That a boot token was exchanged: it buys one thing, whichever provisioner it is shown to. Id: the token's. */
export const SpentBootToken = declare("SpentBootTokens", {
  aliases: [],
  columns: { machine: "{.machine}", expires: "{.expiresAt}" },
  spec: z.strictObject({
    machine: z.string(),
    spentAt: timestamp,
    /** SHA-256 of what it was spent on, hex. Who asks for the same again has not heard the answer, and gets it again. */
    request: z.string(),
    /** After this the token is refused for its age, and this record has no more use. */
    expiresAt: timestamp,
  }),
});
