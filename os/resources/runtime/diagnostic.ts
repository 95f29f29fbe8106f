import * as z from "zod";
import { runtime } from "../declare.ts";

/** Something that is not as whoever operates the node will want it, and does not keep it from its work. Id: what it is about. */
export const Diagnostic = runtime(
  "Diagnostics",
  z.strictObject({ message: z.string(), details: z.array(z.string()) }),
  { columns: { Message: "{.message}" } },
);
