import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";
import { roles } from "./roles.ts";

/** A token for the API, of which only the hash is kept. Id: the part of the token that is no secret. */
export const Token = declare("Tokens", {
  aliases: ["token", "tokens"],
  columns: { name: "{.name}", role: "{.role}", expires: "{.expiresAt}" },
  sensitive: true,
  spec: z.strictObject({
    name: z.string(),
    role: z.enum(roles),
    /** Of 256 random bits: a slow hash would protect nothing more. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** Only machines that have these labels; none: all machines. */
    scope: z.record(z.string(), z.string()),
    createdAt: timestamp,
    createdBy: z.string(),
    expiresAt: timestamp.optional(),
  }),
});
