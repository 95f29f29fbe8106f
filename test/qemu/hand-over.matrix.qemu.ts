// What takes longer: a machine with UEFI that is upgraded besides, and a night in which a whole rack is installed anew.
import { expect, test } from "vitest";
import { handOver } from "./framework/hand-over.ts";
import { HandOverSite } from "./framework/hand-over-site.ts";

const deadlineMs = 1_800_000;

test(
  "a machine with UEFI is installed, runs, is upgraded, is released, and is wiped",
  () => handOver({ firmware: "uefi", upgrade: true }),
  deadlineMs,
);

const rack = `machines:
  - { name: bios-1, firmware: bios, disks: [{ bus: nvme }] }
  - { name: uefi-2, firmware: uefi, disks: [{ bus: sata }, { bus: sata }] }
  - { name: bios-3, firmware: bios, disks: [{ bus: virtio }] }
`;

test(
  "in a night all machines of a rack are released and installed anew at once",
  async () => {
    await using site = await HandOverSite.open("reinstall night", rack);
    const { servers } = site;
    const all = (each: (server: (typeof servers)[number]) => Promise<void>) => Promise.all(servers.map(each));
    await all(async (server) => {
      server.chassis.pressByHand("on");
      await site.becomes(server, "pool");
      await site.ask(server, "assign", { profile: "default" });
      await site.becomes(server, "running");
    });
    const before = await bootsOf(site);
    await all(async (server) => {
      await site.ask(server, "release");
      await site.becomes(server, "pool");
      await site.ask(server, "assign", { profile: "default" });
      await site.becomes(server, "running");
    });
    // Each of them is another system than the one before.
    const after = await bootsOf(site);
    expect(after.size).toBe(servers.length);
    expect([...after].filter((boot) => before.has(boot))).toEqual([]);
    site.tell();
  },
  deadlineMs,
);

async function bootsOf(site: HandOverSite): Promise<ReadonlySet<string | undefined>> {
  const stories = await Promise.all(site.servers.map((server) => site.storyOf(server)));
  return new Set(stories.map(({ installation }) => installation?.node.bootId));
}
