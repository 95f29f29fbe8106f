import * as z from "zod";
import { network } from "../declare.ts";

const route = {
  family: z.enum(["inet4", "inet6"]),
  /** Empty: everywhere. */
  dst: z.string(),
  /** Empty: the destination is on the link itself. */
  gateway: z.string(),
  /** The address to send from; empty: the kernel chooses. */
  src: z.string(),
  outLinkName: z.string(),
  priority: z.int(),
};
const columns = {
  Destination: "{.dst}",
  Gateway: "{.gateway}",
  Link: "{.outLinkName}",
  Metric: "{.priority}",
};

/** A route that shall be. Id: see `routeId`. */
export const RouteSpec = network("RouteSpecs", z.strictObject(route), { columns });

/** A route of the main table as the kernel has it. Id: see `routeId`. */
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
}: Pick<z.output<typeof RouteSpec.spec>, "family" | "dst" | "gateway" | "outLinkName" | "priority">): string {
  return [outLinkName, family, dst || "default", gateway, priority].filter((part) => part !== "").join("/");
}
