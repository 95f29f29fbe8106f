import * as z from "zod";
import { cidr, port } from "../schema/scalars.ts";
import { replacedList, section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

const range = z.string().regex(/^\d{1,5}(?:-\d{1,5})?$/, "is no port or range of ports, such as 8000-8100");

export const networkRuleConfig = documentKind({
  kind: "NetworkRuleConfig",
  named: true,
  fields: {
    portSelector: section({
      ports: replacedList(z.union([port, range])),
      protocol: z.enum(["tcp", "udp", "icmp", "icmpv6"]),
    }),
    ingress: replacedList(section({ subnet: cidr, except: cidr })),
  },
  *rules({ portSelector, ingress = [] }) {
    const ranges = (portSelector?.ports ?? []).map(bounds).sort(([a], [b]) => a - b);
    if (ranges.length === 0) yield ["portSelector.ports", "is required"];
    for (const [index, [low, high]] of ranges.entries()) {
      const before = ranges[index - 1];
      if (low > high || high > 65535) yield ["portSelector.ports", `${low}-${high} is no range of ports`];
      if (before && low <= before[1]) yield ["portSelector.ports", `${low}-${high} overlaps another range`];
    }
    for (const [index, { subnet }] of ingress.entries()) {
      if (!subnet) yield [`ingress.${index}.subnet`, "is required"];
    }
  },
});

function bounds(ports: number | string): readonly [low: number, high: number] {
  const [low, high = low] = String(ports).split("-").map(Number);
  return [low!, high!];
}
