import * as z from "zod";
import { network } from "../declare.ts";

/** What the machine's owner calls a port. Id: the link's own name. */
export const LinkAliasSpec = network("LinkAliasSpecs", z.strictObject({ alias: z.string() }), {
  columns: { Alias: "{.alias}" },
});
