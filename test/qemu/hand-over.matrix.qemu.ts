// A night in which a whole rack is installed anew.
import { expect, test } from "vitest";
import { becomesNode, comesToPool, goesBack } from "./framework/hand-over.ts";
import { HandOverSite } from "./framework/hand-over-site.ts";

const rack = `machines:
  - { name: bios-1, firmware: bios, disks: [{ bus: nvme }] }
  - { name: uefi-2, firmware: uefi, disks: [{ bus: sata }, { bus: sata }] }
  - { name: bios-3, firmware: bios, disks: [{ bus: virtio }] }
`;

test("in a night all machines of a rack are released and installed anew at once", {
  timeout: 1_800_000,
}, async () => {
  await using site = await HandOverSite.open("reinstall night", rack);
  const { servers } = site;
  const all = (each: (server: (typeof servers)[number]) => Promise<void>) => Promise.all(servers.map(each));
  await all(async (server) => {
    await comesToPool(site, server);
    await becomesNode(site, server);
  });
  const before = await bootsOf(site);
  await all(async (server) => {
    await goesBack(site, server);
    await becomesNode(site, server);
  });
  // Each of them is another system than the one before.
  const after = await bootsOf(site);
  expect(after.size).toBe(servers.length);
  expect([...after].filter((boot) => before.has(boot))).toEqual([]);
});

async function bootsOf(site: HandOverSite): Promise<ReadonlySet<string | undefined>> {
  const stories = await Promise.all(site.servers.map((server) => site.storyOf(server)));
  return new Set(stories.map(({ installation }) => installation?.node.bootId));
}
