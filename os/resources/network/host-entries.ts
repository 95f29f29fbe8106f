import * as z from "zod";
import { ingotNetwork } from "../declare.ts";

/** Names that the node knows without asking anybody. Id: `hosts`. */
export const HostEntries = ingotNetwork(
  "HostEntries",
  z.strictObject({
    entries: z.array(z.strictObject({ address: z.string(), names: z.array(z.string()) })),
  }),
);
