// Brings up every Ethernet port that has a cable, by DHCP, for as long as the machine runs: cables are pulled and
// plugged in, cards appear late, leases change.
import { decode } from "../../wire/codec.ts";
import { type Link, link, linkFlags, linkGroup, linkMessages } from "../kernel/netlink/link.ts";
import { type Notice, Rtnetlink } from "../kernel/netlink/rtnetlink.ts";
import { PacketSocket } from "../kernel/packet-socket.ts";
import { applyLease, withdrawLease } from "./apply-lease.ts";
import { type ClientOptions, DhcpClient } from "./dhcp/client.ts";
import type { Lease } from "./dhcp/lease.ts";

const dhcpClientPort = 68;
/** ARPHRD_ETHER. */
const ethernet = 1;

export interface InterfacesOptions {
  readonly hostName: string | undefined;
  readonly clock: ClientOptions["clock"];
  readonly random: () => number;
  readonly resolvConf: string;
  /** Whether hardware is behind an interface of this name: bridges and tunnels are for others to configure. */
  readonly isPhysical: (name: string) => boolean;
  readonly said: (text: string) => void;
}

interface Port {
  readonly name: string;
  readonly client: DhcpClient;
  lease: Lease | undefined;
}

export class Interfaces implements Disposable {
  readonly #options: InterfacesOptions;
  readonly #kernel: Rtnetlink;
  readonly #ports = new Map<number, Port>();
  /** Changes are made one after another, in the order in which they became known. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: InterfacesOptions) {
    this.#options = options;
    this.#kernel = new Rtnetlink({
      groups: linkGroup,
      noticed: (notice) => this.#noticed(notice),
      overrun: () => this.#then(() => this.#lookAtAll()),
    });
    this.#then(() => this.#lookAtAll());
  }

  [Symbol.dispose](): void {
    for (const { client } of this.#ports.values()) client[Symbol.dispose]();
    this.#ports.clear();
    this.#kernel[Symbol.dispose]();
  }

  #then(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.said(error instanceof Error ? error.message : String(error));
    });
  }

  #noticed({ type, payload }: Notice): void {
    const seen = decode(link, payload);
    if (type === linkMessages.removed) this.#unplugged(seen.index);
    else this.#then(() => this.#look(seen));
  }

  async #lookAtAll(): Promise<void> {
    const any: Link = { family: 0, hardware: 0, index: 0, flags: 0, change: 0, attributes: {} };
    for (const seen of await this.#kernel.dump("list links", linkMessages.get, link, any))
      await this.#look(seen);
  }

  async #look({ hardware, index, flags, attributes: { name = "", address } }: Link): Promise<void> {
    if (hardware !== ethernet || address === undefined || !this.#options.isPhysical(name)) return;
    const { up, lowerUp } = linkFlags;
    if ((flags & up) === 0) {
      const change: Link = { family: 0, hardware: 0, index, flags: up, change: up, attributes: {} };
      return this.#kernel.change(`set ${name} up`, linkMessages.set, link, change);
    }
    if ((flags & lowerUp) === 0) this.#unplugged(index);
    else if (!this.#ports.has(index)) this.#pluggedIn(index, name, macOf(address));
  }

  #pluggedIn(index: number, name: string, mac: string): void {
    const { hostName, clock, random, said } = this.#options;
    said(`${name}: has a link`);
    const client = new DhcpClient({
      mac,
      hostName,
      clock,
      random,
      open: (received, failed) =>
        new PacketSocket({ interfaceIndex: index, udpPort: dhcpClientPort, received, failed }),
      leased: (lease) => this.#then(() => this.#leased(index, lease)),
      said: (why) => said(`${name}: ${why}`),
    });
    this.#ports.set(index, { name, client, lease: undefined });
  }

  #unplugged(index: number): void {
    const port = this.#ports.get(index);
    if (!port) return;
    this.#options.said(`${port.name}: has lost its link`);
    port.client[Symbol.dispose]();
    this.#ports.delete(index);
    const { lease } = port;
    if (lease) this.#then(() => withdrawLease(this.#kernel, index, lease));
  }

  async #leased(index: number, lease: Lease | undefined): Promise<void> {
    const port = this.#ports.get(index);
    if (!port) return;
    const before = port.lease;
    port.lease = lease;
    if (lease) await applyLease(this.#kernel, index, lease, this.#options.resolvConf);
    if (before && before.address !== lease?.address) await withdrawLease(this.#kernel, index, before);
  }
}

const macOf = (address: Uint8Array) =>
  [...address].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
