// Which port each name of the config's own means.
import type { LinkAliasSettings } from "../../machine-config/settings/link-aliases.ts";
import { parseExpression, type Value } from "../expressions/expression.ts";
import type { ObservedLink } from "./intent.ts";

export interface LinkAliases {
  /** By alias; undefined while no port fits. */
  readonly links: ReadonlyMap<string, string | undefined>;
  /** A sentence for each that cannot be given. */
  readonly refused: readonly string[];
}

/** Counted in the order of their hardware addresses, whatever the kernel calls them. A port has the first that fits. */
export function linkAliases(
  settings: readonly LinkAliasSettings[],
  links: readonly ObservedLink[],
): LinkAliases {
  const ports = links
    .filter(({ physical }) => physical)
    .toSorted((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));
  const found = new Map<string, string | undefined>();
  const taken = new Set<string>();
  const refused: string[] = [];
  const give = (alias: string, port: ObservedLink) => {
    found.set(alias, port.name);
    taken.add(port.name);
  };
  for (const { name, match } of settings) {
    const counts = name.endsWith("%d");
    if (!counts) found.set(name, undefined);
    try {
      const isMeant = parseExpression(match, "links");
      const fitting = ports.filter((port) => isMeant({ link: fieldsOf(port) }));
      if (!counts && fitting.length > 1)
        throw new Error(`several links fit: ${fitting.map((port) => port.name).join(", ")}`);
      const free = fitting.filter((port) => !taken.has(port.name));
      if (counts) for (const [nth, port] of free.entries()) give(name.replace("%d", String(nth)), port);
      else if (free[0]) give(name, free[0]);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      refused.push(`Cannot call a link ${name}: ${why}`);
    }
  }
  return { links: found, refused };
}

const addressOf = ({ permanentAddr, hardwareAddr }: ObservedLink) => permanentAddr || hardwareAddr;

/** What expressions know of a link, by the names that clients of the API see. */
const fieldsOf = (link: ObservedLink): Value => ({
  index: BigInt(link.index),
  mtu: BigInt(link.mtu),
  hardware_addr: link.hardwareAddr,
  permanent_addr: addressOf(link),
  bus_path: link.busPath,
  driver: link.driver,
  pciid: link.pciID,
  kind: link.kind,
  link_state: link.linkState,
  speed_megabits: BigInt(link.speedMbit),
});
