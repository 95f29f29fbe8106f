import { writeFile } from "node:fs/promises";
import { address, addressMessages, families } from "../kernel/netlink/address.ts";
import { route, routeMessages } from "../kernel/netlink/route.ts";
import type { Rtnetlink } from "../kernel/netlink/rtnetlink.ts";
import type { Lease } from "./dhcp/lease.ts";

/** Below what people configure, so that a route of theirs wins (a lower number is preferred). */
const leaseRoutePriority = 1024;

/** Makes the kernel use a lease: address, routes, name servers. Doing so again changes nothing. */
export async function applyLease(
  kernel: Rtnetlink,
  index: number,
  lease: Lease,
  resolvConf: string,
): Promise<void> {
  await kernel.change("add an address", addressMessages.added, address, addressOf(index, lease), [
    "create",
    "replace",
  ]);
  for (const { destination, router } of lease.routes) {
    const [network = "", width = "32"] = destination.split("/");
    await kernel.change(
      `add a route to ${destination}`,
      routeMessages.added,
      route,
      {
        family: families.ipv4,
        destinationLength: Number(width),
        sourceLength: 0,
        tos: 0,
        table: "main",
        protocol: "dhcp",
        // RFC 3442: router 0.0.0.0 means that the destination is on this link.
        scope: router === "0.0.0.0" ? "link" : "universe",
        type: "unicast",
        flags: 0,
        attributes: {
          ...(width !== "0" && { destination: network }),
          ...(router !== "0.0.0.0" && { gateway: router }),
          outInterface: index,
          priority: leaseRoutePriority,
          preferredSource: lease.address,
        },
      },
      ["create", "replace"],
    );
  }
  await writeFile(resolvConf, resolverLines(lease));
}

/** Takes the address back; the kernel takes its routes along. */
export async function withdrawLease(kernel: Rtnetlink, index: number, lease: Lease): Promise<void> {
  await kernel.change("remove an address", addressMessages.removed, address, addressOf(index, lease));
}

const addressOf = (index: number, lease: Lease) => ({
  family: families.ipv4,
  prefixLength: lease.prefixLength,
  flags: 0,
  scope: 0,
  index,
  attributes: { local: lease.address, address: lease.address },
});

function resolverLines({ nameServers, searchDomains }: Lease): string {
  const search = searchDomains.length > 0 ? [`search ${searchDomains.join(" ")}`] : [];
  return [...nameServers.map((server) => `nameserver ${server}`), ...search, ""].join("\n");
}
