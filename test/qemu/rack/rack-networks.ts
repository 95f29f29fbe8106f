// The networks of a rack's description, with whoever else is on them: foreign DHCP servers, relays, and pxe-servers of
// their own. The Nth is 10.N.0.0/24, where .1 leads to everywhere else.
import { writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { startDnsmasq, startKea, startRelay } from "../framework/foreign-dhcp.ts";
import { type Network, openNetwork } from "../framework/network.ts";
import type { RunDirectory } from "../framework/run-directory.ts";
import type { RackNetwork } from "./schema.ts";
import { SegmentServer } from "./segment-server.ts";

/** Of the provisioner. */
export const siteAddress = "10.1.0.1";

export interface RackNetworks extends AsyncDisposable {
  /** In the order of the description. */
  readonly switches: readonly Network[];
  /** What the provisioner's own pxe-server serves: boot.yaml. */
  readonly segmentsFile: string;
  /** pxe-servers of their own, which need a running provisioner that has enrolled their names. */
  readonly pxeServers: readonly SegmentServer[];
}

interface Plan {
  readonly network: RackNetwork;
  readonly nth: number;
  readonly address: string;
  readonly subnet: string;
  /** Of its router on the first network. */
  readonly near: string;
}

export async function openRackNetworks(
  networks: readonly RackNetwork[],
  directory: RunDirectory,
): Promise<RackNetworks> {
  await using around = new AsyncDisposableStack();
  const first = around.use(openNetwork());
  const plans = networks.map(
    (network, at): Plan => ({
      network,
      nth: at + 1,
      address: `10.${at + 1}.0.1`,
      subnet: `10.${at + 1}.0.0/24`,
      near: `10.1.0.${at + 3}`,
    }),
  );
  const segments: object[] = [];
  const pxeServers: SegmentServer[] = [];
  const relayed = plans.filter(({ network: { pxeServer } }) => pxeServer === "relayed");
  const switches = plans.map((plan) => {
    const { network, nth, address, subnet, near } = plan;
    const here = nth === 1 ? first : first.beside();
    const { name, pxeServer } = network;
    if (pxeServer === "provisioner") {
      const device = `eth${nth - 1}`;
      here.plugIn(`${address}/24`, device);
      // What comes through relays comes to the first.
      segments.push({ interface: device, address, dhcp: dhcpOf(plan, nth === 1 ? relayed : []) });
    } else {
      const host = `${pxeServer}-${name}`;
      here.addHost(host, `${address}/24`);
      first.connect(host, "eth1", `${near}/24`);
      first.addRoute(subnet, near);
      if (pxeServer === "own") {
        const segment = { interface: "eth0", address, dhcp: dhcpOf(plan, []) };
        pxeServers.push(
          around.use(new SegmentServer({ name, host, segment, gateway: siteAddress, directory })),
        );
      } else if (network.dhcp === "ours") {
        around.use(startRelay({ host, server: siteAddress, far: address, directory }));
      }
    }
    furnish(around, here, plan, directory);
    return here;
  });
  const segmentsFile = directory.file("segments.yaml");
  writeFileSync(segmentsFile, stringify({ segments }));
  const owned = around.move();
  return { switches, segmentsFile, pxeServers, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function dhcpOf(plan: Plan, relayed: readonly Plan[]): object {
  const { dhcp } = plan.network;
  const ours = [
    ...(dhcp === "ours" ? [plan] : []),
    ...relayed.filter(({ network }) => network.dhcp === "ours"),
  ];
  if (dhcp !== "ours") return { mode: "proxy" };
  return {
    mode: "full",
    subnets: ours.map(({ nth, subnet, address }) => ({
      subnet,
      pool: [`10.${nth}.0.100`, `10.${nth}.0.199`],
      // A way out and the time, without which no system calls itself ready.
      routers: [address],
      ntp: [siteAddress],
    })),
  };
}

/** Somebody else's DHCP server, who gives addresses and knows nothing of booting. */
function furnish(
  around: AsyncDisposableStack,
  here: Network,
  { network: { name, dhcp }, nth, subnet, address }: Plan,
  directory: RunDirectory,
): void {
  if (dhcp !== "dnsmasq" && dhcp !== "kea") return;
  const host = `dhcp-${name}`;
  here.addHost(host, `10.${nth}.0.2/24`);
  const pool = [`10.${nth}.0.200`, `10.${nth}.0.250`] as const;
  const told = { router: address, timeServer: siteAddress };
  around.use(
    dhcp === "kea"
      ? startKea({ host, pool, subnet, ...told, directory })
      : startDnsmasq({ host, pool, ...told, directory }),
  );
}
