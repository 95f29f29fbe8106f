import * as z from "zod";
import { network } from "../declare.ts";

/** An address that a link shall have. Id: `LINK/ADDRESS/LENGTH`. */
export const AddressSpec = network(
  "AddressSpecs",
  z.strictObject({ address: z.string(), linkName: z.string(), priority: z.int().optional() }),
  { columns: { Address: "{.address}", Link: "{.linkName}" } },
);

/** An address as the kernel has it. Id: `LINK/ADDRESS/LENGTH`. */
export const AddressStatus = network(
  "AddressStatuses",
  z.strictObject({
    address: z.string(),
    linkName: z.string(),
    linkIndex: z.int(),
    family: z.enum(["inet4", "inet6"]),
    scope: z.enum(["global", "site", "link", "host"]),
    /** IPv6: not to be used before it is known that nobody else has it. */
    tentative: z.boolean(),
    /** Of the route to its network; 0: the kernel's. */
    priority: z.int(),
  }),
  { aliases: ["address", "addresses"], columns: { Address: "{.address}", Link: "{.linkName}" } },
);
