import { z } from "zod";

/** What people may mark resources with. */
export const labels = z
  .record(
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,252}$/, "letters, digits, dots, dashes and slashes"),
    z.string().regex(/^[A-Za-z0-9._:/ -]{0,253}$/, "letters, digits, blanks and ._:/-"),
  )
  .refine((all) => Object.keys(all).length <= 64, "at most 64 labels");
