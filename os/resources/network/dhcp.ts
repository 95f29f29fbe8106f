import * as z from "zod";
import { ingotNetwork, network } from "../declare.ts";

/** Somebody shall look after a link's addresses at run time. Id: `dhcp4/LINK`, `dhcp6/LINK`. */
export const OperatorSpec = network(
  "OperatorSpecs",
  z.strictObject({
    operator: z.enum(["dhcp4", "dhcp6"]),
    linkName: z.string(),
    dhcp4: z
      .strictObject({ routeMetric: z.int().optional(), skipHostnameRequest: z.boolean().optional() })
      .optional(),
    /** In hexadecimal; without one it is made of the MAC. */
    dhcp6: z.strictObject({ duid: z.string().optional() }).optional(),
  }),
  { columns: { Operator: "{.operator}", Link: "{.linkName}" } },
);

/** What a DHCP server lends to a link. Id: the link's name, and `/6` behind it for IPv6. */
export const DhcpLease = ingotNetwork(
  "DHCPLeases",
  z.strictObject({
    address: z.string(),
    server: z.string(),
    routes: z.array(z.strictObject({ destination: z.string(), router: z.string() })),
    dnsServers: z.array(z.string()),
    searchDomains: z.array(z.string()),
    timeServers: z.array(z.string()),
    hostname: z.string(),
    mtu: z.int().optional(),
  }),
  { aliases: ["lease", "leases"], columns: { Address: "{.address}", Server: "{.server}" } },
);
