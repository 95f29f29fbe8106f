import * as z from "zod";
import { network } from "../declare.ts";

const size = z.int().nonnegative().optional();
const flag = z.boolean().optional();

/** What a card is told; the rest stays as its driver has it. Id: the link's name. */
export const EthernetSpec = network(
  "EthernetSpecs",
  z.strictObject({
    rings: z
      .strictObject({
        ...{ rx: size, tx: size, "rx-mini": size, "rx-jumbo": size, "rx-buf-len": size, "cqe-size": size },
        ...{ "tx-push": flag, "rx-push": flag, "tx-push-buf-len": size, "tcp-data-split": flag },
      })
      .optional(),
    features: z.record(z.string(), z.boolean()).optional(),
    channels: z.strictObject({ rx: size, tx: size, other: size, combined: size }).optional(),
    wakeOnLan: z
      .array(z.enum(["phy", "unicast", "multicast", "broadcast", "magic", "magicsecure", "filter"]))
      .optional(),
  }),
);
