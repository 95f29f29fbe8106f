import * as z from "zod";
import { ingotNetwork } from "../declare.ts";

/** Which table the route of a packet is looked for in. Id: its priority. */
export const RoutingRuleSpec = ingotNetwork(
  "RoutingRuleSpecs",
  z.strictObject({
    priority: z.int(),
    /** Networks; empty: any. */
    src: z.string(),
    dst: z.string(),
    /** As a number. */
    table: z.int(),
    action: z.enum(["unicast", "blackhole", "unreachable", "prohibit"]),
    /** Empty: any. */
    iifName: z.string(),
    oifName: z.string(),
    /** 0: any. */
    fwMark: z.int(),
    fwMask: z.int(),
  }),
  {
    columns: { From: "{.src}", To: "{.dst}", Table: "{.table}", Action: "{.action}" },
  },
);
