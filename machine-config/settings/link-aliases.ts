import { linkAliasConfig } from "../documents/link-alias-config.ts";
import type { MachineConfig } from "../machine-config.ts";

export interface LinkAliasSettings {
  /** With `%d` at its end, every link that fits gets one: they are counted from 0. */
  readonly name: string;
  /** An expression in CEL over `link`. */
  readonly match: string;
}

/** Names that the machine's owner gives to ports. In the order in which they are given. */
export const linkAliasSettings = (config: MachineConfig): readonly LinkAliasSettings[] =>
  config
    .all(linkAliasConfig)
    .map(({ name = "", selector }) => ({ name, match: selector?.match ?? "false" }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
