import { address, cidr, flag, text, u32 } from "../schema/scalars.ts";
import { list, section, zeroCounts } from "../schema/section.ts";

/** What every kind of link may be told. */
export const commonLink = {
  up: flag,
  mtu: u32,
  addresses: list(section({ address: cidr, routePriority: zeroCounts(u32) })),
  routes: list(
    section({ destination: cidr, gateway: address, source: address, metric: u32, mtu: u32, table: text }),
  ),
  multicast: flag,
} as const;
