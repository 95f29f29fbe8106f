import * as z from "zod";
import { network } from "../declare.ts";

const route = {
  family: z.enum(["inet4", "inet6"]),
  /** Empty: everywhere. */
  dst: z.string(),
  /** What is sent there is thrown away, or goes out by a link. */
  type: z.enum(["unicast", "blackhole"]),
  /** Empty: the destination is on the link itself. */
  gateway: z.string(),
  /** The address to send from; empty: the kernel chooses. */
  src: z.string(),
  /** Empty for a black hole. */
  outLinkName: z.string(),
  priority: z.int(),
  /** `main`, or a number. */
  table: z.string(),
  /** 0: the link's. */
  mtu: z.int(),
};
const columns = {
  Destination: "{.dst}",
  Gateway: "{.gateway}",
  Link: "{.outLinkName}",
  Metric: "{.priority}",
  Table: "{.table}",
};

/** A route that shall be. Id: see `routeId`. */
export const RouteSpec = network("RouteSpecs", z.strictObject(route), { columns });

/** A route as the kernel has it, of any table but its own. Id: see `routeId`. */
export const RouteStatus = network(
  "RouteStatuses",
  z.strictObject({ ...route, protocol: z.string(), scope: z.string() }),
  { aliases: ["route", "routes"], columns },
);

export function routeId({
  family,
  dst,
  gateway,
  outLinkName,
  priority,
  table,
}: Pick<
  z.output<typeof RouteSpec.spec>,
  "family" | "dst" | "gateway" | "outLinkName" | "priority" | "table"
>) {
  const parts = [outLinkName || "nowhere", family, dst || "default", gateway, priority];
  return [...parts, table === "main" ? "" : table].filter((part) => part !== "").join("/");
}
