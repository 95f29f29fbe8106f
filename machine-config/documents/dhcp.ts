import * as z from "zod";
import { flag, hardwareAddress, u32 } from "../schema/scalars.ts";
import type { Fault } from "./document-kind.ts";

/** The same for both versions of the protocol. */
export const dhcpFields = {
  routeMetric: u32,
  ignoreHostname: flag,
  clientIdentifier: z.enum(["none", "mac", "duid"]),
  duidRaw: hardwareAddress,
} as const;

export function* dhcpRules({
  clientIdentifier,
  duidRaw,
}: {
  readonly clientIdentifier?: string;
  readonly duidRaw?: string;
}): Iterable<Fault> {
  if (clientIdentifier === "duid" && !duidRaw) yield ["duidRaw", "is required when clientIdentifier is duid"];
  if (clientIdentifier !== "duid" && duidRaw) yield ["duidRaw", "is for clientIdentifier duid"];
}
