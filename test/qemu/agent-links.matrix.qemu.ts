// Agent mode over what stands between a server and its switch: links aggregated by LACP, and VLANs by tag, from kernel
// arguments alone. The switch's ports pass nothing before both ends have agreed, and nothing that has not their tag.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Image } from "../../os/image/build.ts";
import { type AgentSite, openAgentSite } from "./framework/agent-site.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

let site: AgentSite;
let image: Image;
beforeAll(async () => {
  image = await operatingSystem();
  site = await openAgentSite(image);
});
afterAll(() => site[Symbol.dispose]());

const lacp = "bond=bond0:eth0,eth1:mode=802.3ad,miimon=100,lacp_rate=fast,xmit_hash_policy=layer3+4";

interface Links {
  readonly cards: 1 | 2;
  readonly vlan?: number;
  readonly arguments: string;
  /** The link that gets the address. */
  readonly addressed: string;
}

describe("agent mode", () => {
  test.each<[string, Links]>([
    ["two links that are one by LACP", { cards: 2, arguments: `${lacp} ip=bond0:dhcp`, addressed: "bond0" }],
    ["a VLAN", { cards: 1, vlan: 5, arguments: "vlan=eth0.5:eth0 ip=eth0.5:dhcp", addressed: "eth0.5" }],
    [
      "a VLAN on two links that are one by LACP",
      {
        ...{ cards: 2, vlan: 12, addressed: "bond0.12" },
        arguments: `${lacp} vlan=bond0.12:bond0 ip=bond0.12:dhcp`,
      },
    ],
  ])("reaches its provisioner over %s", async (name, { cards, vlan, arguments: words, addressed }) => {
    await using around = new AsyncDisposableStack();
    const directory = openRunDirectory(project, `links ${name}`);
    const provisioner = around.use(await site.practice());
    const args = [...site.argumentsFor(provisioner.port), ...words.split(" ")];
    around.use(await site.startPxe(args));
    const bond = { name: "bond0", until: "nothing" } as const;
    const nics = Array.from({ length: cards }, (_, nth) => ({
      ...{ model: "e1000e" as const, mac: `52:54:00:00:09:0${nth}` },
      port: { vlan, bond: cards > 1 ? bond : undefined },
    }));
    const description = { name: "links", firmware: "bios", nics } as const;
    const machine = around.use(new Machine(description, site.network, directory));
    await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: args.join(" ") });

    const session = await provisioner.attached();
    expect(await machine.console.text()).toContain(`${addressed}: bound to 10.1.0.1`);
    const { networkInterfaces } = await session.next("inventory");
    expect(networkInterfaces.map(({ permanentMac }) => permanentMac).sort()).toEqual(
      nics.map(({ mac }) => mac),
    );
  });
});
