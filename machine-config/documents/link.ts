import { address, cidr, flag, routingTable, u32 } from "../schema/scalars.ts";
import { list, section, zeroCounts } from "../schema/section.ts";
import type { Fault } from "./document-kind.ts";

/** What every kind of link may be told. */
export const commonLink = {
  up: flag,
  mtu: u32,
  addresses: list(section({ address: cidr, routePriority: zeroCounts(u32) })),
  routes: list(
    section({
      destination: cidr,
      gateway: address,
      source: address,
      metric: u32,
      mtu: u32,
      table: routingTable,
    }),
  ),
  multicast: flag,
} as const;

interface CommonLink {
  readonly addresses?: readonly { readonly address?: string | undefined }[] | undefined;
}

export function* linkRules({ addresses = [] }: CommonLink): Iterable<Fault> {
  for (const [index, { address }] of addresses.entries()) {
    const at = `addresses.${index}.address`;
    if (!address) yield [at, "is required"];
    else if (/^(?:0\.0\.0\.0|::)\//.test(address)) yield [at, "is no address of a machine"];
  }
}
