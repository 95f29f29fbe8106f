import type { SpecOf } from "../../cosi/resource.ts";
import { PacketSocket } from "../kernel/packet-socket.ts";
import type { DhcpLease } from "../resources/network/dhcp.ts";
import { type ClientOptions, DhcpClient } from "./dhcp/client.ts";
import type { Lease } from "./dhcp/lease.ts";

const clientPort = 68;

export interface DhcpClientsOptions extends Pick<ClientOptions, "clock" | "random"> {
  readonly hostName: string | undefined;
  readonly leased: (link: string, lease: SpecOf<typeof DhcpLease> | undefined) => void;
  readonly said: (text: string) => void;
}

/** The DHCP clients of all links that have one. */
export class DhcpClients implements Disposable {
  readonly #options: DhcpClientsOptions;
  readonly #clients = new Map<string, { client: DhcpClient; index: number; mac: string }>();

  constructor(options: DhcpClientsOptions) {
    this.#options = options;
  }

  /** A card that was replaced by another of the same name gets a client of its own. */
  run(link: string, index: number, mac: string): void {
    const running = this.#clients.get(link);
    if (running?.index === index && running.mac === mac) return;
    this.stop(link);
    const { hostName, clock, random, said, leased } = this.#options;
    said(`${link}: has a link`);
    const client = new DhcpClient({
      mac,
      hostName,
      clock,
      random,
      open: (received, failed) =>
        new PacketSocket({ interfaceIndex: index, udpPort: clientPort, received, failed }),
      leased: (lease) => leased(link, lease && leaseSpec(lease)),
      said: (why) => said(`${link}: ${why}`),
    });
    this.#clients.set(link, { client, index, mac });
  }

  stop(link: string): void {
    const running = this.#clients.get(link);
    if (!running) return;
    this.#options.said(`${link}: has lost its link`);
    running.client[Symbol.dispose]();
    this.#clients.delete(link);
    this.#options.leased(link, undefined);
  }

  [Symbol.dispose](): void {
    for (const { client } of this.#clients.values()) client[Symbol.dispose]();
    this.#clients.clear();
  }
}

function leaseSpec(lease: Lease): SpecOf<typeof DhcpLease> {
  return {
    address: `${lease.address}/${lease.prefixLength}`,
    server: lease.server,
    routes: lease.routes.map(({ destination, router }) => ({ destination, router })),
    dnsServers: [...lease.nameServers],
    searchDomains: [...lease.searchDomains],
    timeServers: [...lease.timeServers],
    hostname: lease.hostName ?? "",
    ...(lease.mtu !== undefined && { mtu: lease.mtu }),
  };
}
