// The whole life of one machine, at the hands of its provisioner and of its node's operator: each step on the disk that the
// step before has left.
import { dirname } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { hasAll, moveIn } from "./framework/belongings.ts";
import { startFileServer } from "./framework/file-server.ts";
import { becomesNode, comesToPool, goesBack } from "./framework/hand-over.ts";
import { HandOverSite } from "./framework/hand-over-site.ts";
import { project } from "./framework/image.ts";
import { endsAtOnce, type ImageShelf, openImageShelf } from "./framework/image-shelf.ts";
import { otherProgram } from "./framework/other-program.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const hostname = "long-liver";

let shelf: ImageShelf;
beforeAll(async () => {
  shelf = await openImageShelf(openRunDirectory(project, "node life images").path);
  shelf.add("next", { kernelArguments: ["ingot.generation=2"] });
  shelf.add("panics", { entries: [endsAtOnce] });
  shelf.add("hangs", { entries: [await otherProgram("test/qemu/hanging-upgrade-program.ts")] });
  shelf.add("unready", {
    entries: [await otherProgram("test/qemu/unready-program.ts")],
    kernelArguments: ["ingot.trial=45"],
  });
});

const broken = [
  ["panics", "panics", /^nothing was heard of it: its kernel or its first process ended in a panic/],
  // A server of the lab loses with its power what its watchdog remembers: upgrade.matrix has one that does not.
  [
    "hangs",
    "hangs",
    /^it ended without a word after it had reached ".*": a panic, a hang or a loss of power/,
  ],
  ["is never ready", "unready", /^it was not ready within 45 s: .*apid/],
] as const;

// With one of them the provisioner is asked at every boot; with the other only where a BMC or an empty disk leads to it.
test.each([
  ["bios", "network, disk"],
  ["uefi", "disk, network"],
] as const)(
  "a machine with %s is installed, reconfigured, upgraded, survives broken images, is rolled back, and is free again",
  { timeout: 1_800_000 },
  async (firmware, order) => {
    await using shop = await startFileServer((path) => shelf.serve(path));
    const rack = `machines: [{ name: node-1, firmware: ${firmware}, boot: [${order}], disks: [{ bus: nvme }] }]`;
    await using site = await HandOverSite.open(`node life ${firmware}`, rack, dirname(shelf.image.manifest));
    const server = site.servers[0]!;
    const { console } = server.machine;
    const generationSince = async (since: number) =>
      /ommand line: .*ingot\.generation=(\d)/.exec((await console.text()).slice(since))?.[1];

    await site.step(server, "PXE, inventory, wipe: free in the pool", () => comesToPool(site, server));
    await site.step(server, "installed by PXE, up from its disk", () => becomesNode(site, server));
    const node = await site.operate(server);
    const powerBefore = await site.powerOf(server);

    await site.step(server, "reconfigured live", () => moveIn(node, hostname));

    await site.step(server, "upgraded by its operator", async () => {
      const since = await node.mark();
      await node.upgrade(`${shop.url}next`);
      await node.isUpgraded("b", since);
      expect(await generationSince(since)).toBe("2");
      await hasAll(node, hostname);
    });

    for (const [does, image, because] of broken) {
      await site.step(server, `back by itself from an image that ${does}`, async () => {
        await node.comesBackFrom(`${shop.url}${image}`, { to: "b", because });
        await hasAll(node, hostname);
      });
    }
    await expect(node.rollback()).rejects.toThrow(/the other slot has \S+unready, which never proved itself/);

    await site.step(server, "upgraded by its provisioner", async () => {
      const since = await node.mark();
      await site.tells(server, ({ stage }) => stage === "running");
      await site.ask(server, "upgrade");
      await site.tells(server, ({ nodeOrder }) => nodeOrder?.state === "done");
      await node.isUpgraded("a", since);
      expect(await generationSince(since)).toBeUndefined();
      await hasAll(node, hostname);
    });

    await site.step(server, "rolled back on request", async () => {
      const since = await node.mark();
      await node.rollback();
      await node.runsFrom("b", since);
      expect(await generationSince(since)).toBe("2");
      await hasAll(node, hostname);
    });

    const [bootId] = await node.textsOf(["/proc/sys/kernel/random/boot_id"]);
    const isOf = (boot: string | undefined) => bootId === `${boot}\n`;
    await site.tells(
      server,
      ({ stage, installation }) => stage === "running" && isOf(installation?.node.bootId),
    );
    // Whatever it did by itself or for its operator: its provisioner has left its power alone.
    const powerSince = (await site.powerOf(server)).slice(powerBefore.length);
    expect(powerSince.filter((line) => line.endsWith(" off"))).toEqual([]);

    await site.step(server, "reset, wiped, back in the pool", () => goesBack(site, server));
  },
);
