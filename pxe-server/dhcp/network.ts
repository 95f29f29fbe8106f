// What one segment's DHCP is told to do: the `dhcp` part of boot.yaml.
import { z } from "zod";
import type { Options } from "../../wire/dhcp/options.ts";
import type { Client } from "../booter.ts";
import { macOf } from "../mac.ts";
import { extraOptions } from "./extra-options.ts";
import type { Pool } from "./leases.ts";
import { addressNumber, broadcastOf, contains, parseSubnet, type Subnet } from "./subnet.ts";

const address = z.ipv4();
const cidr = z.cidrv4();

const reservation = z
  .strictObject({
    /** Any of them identifies the machine; a serial is known once it has run iPXE here. */
    mac: z
      .string()
      .refine((text) => macOf(text) !== undefined, "not a MAC address")
      .transform((text) => macOf(text)!)
      .optional(),
    uuid: z.guid().toLowerCase().optional(),
    serial: z.string().min(1).optional(),
    address,
    hostName: z
      .string()
      .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/)
      .optional(),
  })
  .refine(
    ({ mac, uuid, serial }) => mac !== undefined || uuid !== undefined || serial !== undefined,
    "it names no machine: one of mac, uuid and serial is needed",
  );
export type Reservation = z.infer<typeof reservation>;

const subnet = z
  .strictObject({
    subnet: cidr,
    /** First and last address; without it only reservations are served. */
    pool: z.tuple([address, address]).optional(),
    reservations: z.array(reservation).default([]),
    routers: z.array(address).default([]),
    dns: z.array(address).default([]),
    domain: z.string().min(1).optional(),
    ntp: z.array(address).default([]),
    mtu: z.int().min(576).max(9216).optional(),
    routes: z.array(z.strictObject({ to: cidr, via: address })).default([]),
    /** Any other option of wire/dhcp/options.ts by its name there. */
    options: extraOptions.default({}),
    /** The same for clients whose option 60 begins with this. */
    vendorOptions: z
      .array(z.strictObject({ vendorClass: z.string().min(1), options: extraOptions }))
      .default([]),
    /** Firmware and iPXE need an address for minutes; a system for longer. A /24 must not run dry of boots. */
    netbootLeaseS: z.int().min(30).default(120),
    leaseS: z.int().min(60).default(3600),
  })
  .refine(({ pool, subnet }) => !pool || liesIn(parseSubnet(subnet), rangeOf(pool)), {
    error: "the pool is not a range of addresses of its subnet",
    path: ["pool"],
  })
  .superRefine(({ subnet, reservations }, context) => {
    const prefix = parseSubnet(subnet);
    const given = new Set<string>();
    for (const [at, { address }] of reservations.entries()) {
      const refuse = (message: string) =>
        context.addIssue({ code: "custom", message, path: ["reservations", at, "address"] });
      const number = addressNumber(address);
      if (!liesIn(prefix, { from: number, to: number })) refuse("not an address of a host of its subnet");
      if (given.has(address)) refuse("reserved twice");
      given.add(address);
    }
  })
  .transform((given) => ({
    ...given,
    prefix: parseSubnet(given.subnet),
    range: given.pool && rangeOf(given.pool),
  }));
export type Network = z.infer<typeof subnet>;

export const dhcpMode = z.discriminatedUnion("mode", [
  /** Beside another DHCP server: addresses are its business, booting is ours. */
  z.strictObject({ mode: z.literal("proxy") }),
  /** The DHCP server of these subnets. Subnets that are not the interface's are reached through relays. */
  z.strictObject({
    mode: z.literal("full"),
    subnets: z.array(subnet).min(1),
    /** Ask the wire, for a tenth of a second, before an address is offered to a machine for the first time. */
    conflictProbe: z.boolean().default(true),
  }),
  /** Addresses for known machines alone; silent for every other. */
  z.strictObject({ mode: z.literal("reservations"), subnets: z.array(subnet).min(1) }),
  /** The DHCP server runs on this host and has port 67: only 4011 is ours. */
  z.strictObject({ mode: z.literal("bootserver") }),
  z.strictObject({ mode: z.literal("off") }),
]);
export type DhcpMode = z.infer<typeof dhcpMode>;

function rangeOf([first, last]: readonly [string, string]): Pool {
  return { from: addressNumber(first), to: addressNumber(last) };
}

/** The network's own address and its broadcast address are nobody's. */
function liesIn(subnet: Subnet, { from, to }: Pool): boolean {
  return (
    contains(subnet, from) &&
    contains(subnet, to) &&
    from <= to &&
    from > subnet.network &&
    to < broadcastOf(subnet)
  );
}

export const reservationFor = ({ reservations }: Network, client: Client): Reservation | undefined =>
  reservations.find(
    ({ mac, uuid, serial }) =>
      (mac !== undefined && mac === client.mac) ||
      (uuid !== undefined && uuid === client.uuid) ||
      (serial !== undefined && serial === client.serial),
  );

/** What a client of this subnet is told besides its address. */
export function networkOptions(
  network: Network,
  { mask, hostName, vendorClass }: { mask: string; hostName: string | undefined; vendorClass: string },
): Options {
  const { routers, dns, domain, ntp, mtu, routes } = network;
  // RFC 3442: a client that reads 121 ignores the router option, so the default route stands in both.
  const classless = [
    ...routes.map(({ to, via }) => ({ destination: to, router: via })),
    ...routers.slice(0, 1).map((router) => ({ destination: "0.0.0.0/0", router })),
  ];
  const special = network.vendorOptions.filter((row) => vendorClass.startsWith(row.vendorClass));
  return {
    subnetMask: mask,
    ...(routers.length > 0 && { routers }),
    ...(dns.length > 0 && { domainNameServers: dns }),
    ...(domain !== undefined && { domainName: domain }),
    ...(hostName !== undefined && { hostName }),
    ...(mtu !== undefined && { interfaceMtu: mtu }),
    ...(ntp.length > 0 && { ntpServers: ntp }),
    ...(routes.length > 0 && { classlessStaticRoutes: classless }),
    ...network.options,
    ...Object.assign({}, ...special.map(({ options }) => options)),
  };
}
