import * as z from "zod";
import { flag, u32 } from "../schema/scalars.ts";
import { list, mapOf, section, zeroCounts } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

const size = zeroCounts(u32);

export const ethernetConfig = documentKind({
  kind: "EthernetConfig",
  named: true,
  fields: {
    features: mapOf(flag),
    rings: section({
      rx: size,
      tx: size,
      "rx-mini": size,
      "rx-jumbo": size,
      "rx-buf-len": size,
      "cqe-size": size,
      "tx-push": flag,
      "rx-push": flag,
      "tx-push-buf-len": size,
      "tcp-data-split": flag,
    }),
    channels: section({ rx: size, tx: size, other: size, combined: size }),
    wakeOnLan: list(z.enum(["phy", "unicast", "multicast", "broadcast", "magic", "magicsecure", "filter"])),
  },
});
