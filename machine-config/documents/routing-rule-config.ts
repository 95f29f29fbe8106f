import * as z from "zod";
import { cidr, routingTable, text, u32 } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

const highestPriority = 32765;
const reservedPriorities: ReadonlySet<number> = new Set([0, 32500, 32501]);

/** The document's name is the rule's priority. */
export const routingRuleConfig = documentKind({
  kind: "RoutingRuleConfig",
  named: true,
  fields: {
    src: cidr,
    dst: cidr,
    table: routingTable,
    action: z.enum(["unicast", "blackhole", "unreachable", "prohibit"]),
    iifName: text,
    oifName: text,
    fwMark: u32,
    fwMask: u32,
  },
  *rules({ name = "", table, action = "unicast", fwMark = 0, fwMask = 0 }) {
    const priority = /^\d+$/.test(name) ? Number(name) : 0;
    if (reservedPriorities.has(priority) || priority > highestPriority) {
      yield [
        "name",
        `must be a priority between 1 and ${highestPriority} that the system does not use itself`,
      ];
    }
    if (!table && action === "unicast") yield ["table", "is required, or an action other than unicast"];
    if (fwMask !== 0 && fwMark === 0) yield ["fwMask", "needs fwMark"];
  },
});
