import type { SpecOf } from "../../cosi/resource.ts";
import type { DhcpLease } from "../resources/network/dhcp.ts";
import { type Client6Options, Dhcpv6Client } from "./dhcpv6/client.ts";
import type { Lease6 } from "./dhcpv6/lease.ts";

export interface Dhcp6ClientsOptions extends Pick<Client6Options, "clock" | "random"> {
  readonly leased: (link: string, lease: SpecOf<typeof DhcpLease> | undefined) => void;
  readonly said: (text: string) => void;
}

/** The DHCPv6 clients of all links that have one. */
export class Dhcp6Clients implements Disposable {
  readonly #options: Dhcp6ClientsOptions;
  readonly #clients = new Map<string, { client: Dhcpv6Client; identity: string }>();

  constructor(options: Dhcp6ClientsOptions) {
    this.#options = options;
  }

  /** Asks from an address of the link; another card, address or identifier gets a client of its own. */
  run(
    link: string,
    { address, mac, duid }: { address: string; mac: string; duid: string | undefined },
  ): void {
    const identity = [address, mac, duid].join(" ");
    if (this.#clients.get(link)?.identity === identity) return;
    this.stop(link);
    const { clock, random, said, leased } = this.#options;
    const client = new Dhcpv6Client({
      ...{ link, address, mac, clock, random },
      duid: duid === undefined ? undefined : Uint8Array.from(Buffer.from(duid, "hex")),
      leased: (lease) => leased(link, lease && leaseSpec(lease)),
      said: (why) => said(`${link}: ${why}`),
    });
    this.#clients.set(link, { client, identity });
  }

  stop(link: string): void {
    const running = this.#clients.get(link);
    if (!running) return;
    running.client[Symbol.dispose]();
    this.#clients.delete(link);
    this.#options.leased(link, undefined);
  }

  [Symbol.dispose](): void {
    for (const { client } of this.#clients.values()) client[Symbol.dispose]();
    this.#clients.clear();
  }
}

const leaseSpec = ({ address, serverId, ...told }: Lease6): SpecOf<typeof DhcpLease> => ({
  address: `${address}/128`,
  server: Buffer.from(serverId).toString("hex"),
  routes: [],
  dnsServers: [...told.dnsServers],
  searchDomains: [...told.searchDomains],
  timeServers: [...told.timeServers],
  hostname: "",
});
