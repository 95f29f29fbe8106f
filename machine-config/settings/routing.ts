import { routingRuleConfig } from "../documents/routing-rule-config.ts";
import type { MachineConfig } from "../machine-config.ts";

export interface RoutingRuleSettings {
  readonly priority: number;
  /** Networks; empty: any. */
  readonly src: string;
  readonly dst: string;
  readonly table: number;
  readonly action: "unicast" | "blackhole" | "unreachable" | "prohibit";
  readonly iifName: string;
  readonly oifName: string;
  readonly fwMark: number;
  readonly fwMask: number;
}

/** rt_tables(5) */
const tables: Readonly<Record<string, number>> = { unspec: 0, default: 253, main: 254, local: 255 };

/** Which table the route of a packet is looked for in. */
export const routingRules = (config: MachineConfig): readonly RoutingRuleSettings[] =>
  config.all(routingRuleConfig).map(({ name = "", src = "", dst = "", table = "main", ...rule }) => ({
    ...{ priority: Number(name), src, dst, table: tables[table] ?? Number(table) },
    action: rule.action ?? "unicast",
    ...{ iifName: rule.iifName ?? "", oifName: rule.oifName ?? "" },
    ...{ fwMark: rule.fwMark ?? 0, fwMask: rule.fwMask ?? 0 },
  }));
