import { z } from "zod";

/** Which disk to install on. All that is given must fit; texts are patterns with `*` and `?` that ignore case. */
export const diskSelector = z.strictObject({
  wwid: z.string().optional(),
  serial: z.string().optional(),
  model: z.string().optional(),
  transport: z.string().optional(),
  atLeastBytes: z.int().min(0).optional(),
  atMostBytes: z.int().min(0).optional(),
});

export type DiskSelector = z.output<typeof diskSelector>;
