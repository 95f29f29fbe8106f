import { writeFileSync } from "node:fs";
import type { Clock } from "../../../cosi/clock.ts";
import type { Controller } from "../../../cosi/engine/controller.ts";
import type { ResourceType, SpecOf } from "../../../cosi/resource.ts";
import type { State } from "../../../cosi/state.ts";
import { NotFound } from "../../../cosi/state-errors.ts";
import { Rtnetlink } from "../../kernel/netlink/rtnetlink.ts";
import { DhcpClients } from "../../network/dhcp-clients.ts";
import { Dhcp6Clients } from "../../network/dhcp6-clients.ts";
import { type ArgumentList, networkFromArguments } from "../../network/kernel-arguments.ts";
import { kernelNetwork } from "../../network/kernel-network.ts";
import { changeRuleOf } from "../../network/kernel-rules.ts";
import { LldpListeners } from "../../network/lldp/listeners.ts";
import { KernelObserver } from "../../network/observe-kernel.ts";
import { DhcpLease } from "../../resources/network/dhcp.ts";
import { LinkNeighbor } from "../../resources/network/neighbor.ts";
import { networkDefaults, networkFromAsking, networkFromLeases, networkMerges } from "./layers.ts";
import { linkAliasSpecs } from "./link-aliases.ts";
import { hostnames, resolvers, timeServers } from "./names.ts";
import { neighbors } from "./neighbors.ts";
import { networkStatus, nodeAddresses } from "./node.ts";
import { operatorSpecs } from "./operators.ts";
import { routingRuleSpecs } from "./routing-rules.ts";
import { addressSpecs, linkSpecs, routeSpecs } from "./specs.ts";

export interface NodeNetworkOptions {
  readonly state: State;
  readonly clock: Pick<Clock, "elapsedMs" | "after">;
  readonly random: () => number;
  readonly arguments: ArgumentList;
  /** What the node is called when nobody says a name. */
  readonly usualHostname: string;
  readonly sys: string;
  readonly resolvConf: string;
  readonly setHostname: (name: string) => void;
  readonly said: (text: string) => void;
}

/** The node's network: what watches the kernel, what looks after leases, and the controllers between them. */
export class NodeNetwork implements AsyncDisposable {
  readonly controllers: readonly Controller[];
  readonly #options: NodeNetworkOptions;
  readonly #kernel = new Rtnetlink();
  readonly #observer: KernelObserver;
  readonly #clients: DhcpClients;
  readonly #clients6: Dhcp6Clients;
  readonly #lldp: LldpListeners;
  /** News is written one after another, in the order in which it came. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: NodeNetworkOptions) {
    this.#options = options;
    // An address that goes would take along those of its network that came after it.
    writeFileSync("/proc/sys/net/ipv4/conf/all/promote_secondaries", "1");
    const { state, clock, random, said, sys, resolvConf, usualHostname } = options;
    this.#observer = new KernelObserver({
      state: state.as("Kernel"),
      sys,
      failed: (error) => said(`Cannot see the network: ${reasonOf(error)}`),
    });
    // Not the wall clock: it may jump by decades at boot, and a lease lasts as long as it lasts.
    const steady = {
      now: () => clock.elapsedMs(),
      at: (timeMs: number, call: () => void) => clock.after(timeMs - clock.elapsedMs(), call),
    };
    this.#clients6 = new Dhcp6Clients({
      ...{ clock: steady, random, said },
      leased: (link, lease) => this.#tell("DHCP", DhcpLease, `${link}/6`, lease),
    });
    this.#clients = new DhcpClients({
      hostName: options.arguments.last("talos.hostname"),
      clock: steady,
      random,
      leased: (link, lease) => this.#tell("DHCP", DhcpLease, link, lease),
      said,
    });
    this.#lldp = new LldpListeners({
      after: (delayMs, call) => clock.after(delayMs, call),
      heard: (link, neighbor) => this.#tell("LLDP", LinkNeighbor, link, neighbor),
      said,
    });
    for (const why of networkFromArguments(options.arguments, []).refused) said(why);
    const asked = (links: Parameters<typeof networkFromArguments>[1]) =>
      networkFromArguments(options.arguments, links).intent;
    const kernel = kernelNetwork(this.#kernel);
    this.controllers = [
      networkDefaults([asked], usualHostname),
      networkFromAsking("NetworkFromKernelArguments", "cmdline", asked),
      networkFromLeases,
      ...networkMerges,
      linkSpecs(kernel),
      linkAliasSpecs(kernel),
      addressSpecs(kernel),
      routeSpecs(kernel),
      routingRuleSpecs(changeRuleOf(this.#kernel)),
      operatorSpecs({ dhcp4: this.#clients, dhcp6: this.#clients6 }),
      neighbors(this.#lldp),
      hostnames(options.setHostname),
      resolvers(resolvConf),
      timeServers,
      nodeAddresses,
      networkStatus,
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#clients[Symbol.dispose]();
    this.#clients6[Symbol.dispose]();
    this.#lldp[Symbol.dispose]();
    await this.#observer[Symbol.asyncDispose]();
    this.#kernel[Symbol.dispose]();
    await this.#writing;
  }

  /** Keeps what was heard of a link, or that nothing is any more. */
  #tell<Type extends ResourceType>(owner: string, type: Type, link: string, spec: SpecOf<Type> | undefined) {
    const state = this.#options.state.as(owner);
    const write = async (before: Promise<void>) => {
      await before;
      try {
        if (spec === undefined) await state.destroy(type, link);
        else await state.set(type, link, { spec });
      } catch (error) {
        // Who never had a lease or a neighbor has none to lose.
        if (!(error instanceof NotFound))
          this.#options.said(`Cannot keep the ${owner} news of ${link}: ${reasonOf(error)}`);
      }
    };
    this.#writing = write(this.#writing);
  }
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
