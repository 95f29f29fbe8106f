// A machine whose plug is pulled at random moments: of its installation, and it is installed all the same; of its upgrades,
// and it always comes up from one of its two systems, with its config and what it keeps in META. What a disk does with
// single writes is os/install/power-cuts.test.ts.
import { writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { client } from "../../api/grpc/client.ts";
import { RemoteState } from "../../cosi/grpc/remote-state.ts";
import { randomOf } from "../../os/install/power-cuts.ts";
import { MetaKey } from "../../os/resources/runtime/platform.ts";
import { project } from "./framework/image.ts";
import { type ImageShelf, openImageShelf } from "./framework/image-shelf.ts";
import { openNetbootedNode } from "./framework/netbooted-node.ts";
import { openPreparedNode, type PreparedNode } from "./framework/prepared-node.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const cuts = 4;
/** From the order to the end of the trial, on a machine that is not in a hurry. */
const upgradeMs = 60_000;
const installCuts = 3;
const installSeed = 5;
const installMoments = [
  "clearing the disk",
  "writing the image",
  "50 % of the image",
  "writing STATE",
  "finishing",
];
/** From one moment to something of the next. */
const momentMs = 1_000;
const patience = { deadlineMs: 60_000 };
const kept = { key: 0x0c, id: "0x0c", value: "mine" };

let shelf: ImageShelf;
beforeAll(async () => {
  shelf = await openImageShelf(openRunDirectory(project, "power cuts images").path);
  shelf.add("next", { kernelArguments: ["ingot.generation=2"] });
});

test.each([
  ["bios", 1],
  ["uefi", 2],
] as const)(
  `${cuts} power cuts in upgrades leave a machine that boots with %s, seed %i`,
  { timeout: 1_500_000 },
  async (firmware, seed) => {
    const directory = openRunDirectory(project, `power cuts ${firmware}`);
    await using prepared = await openPreparedNode({ firmware, shelf, directory });
    const { machine, node, images } = prepared;
    const random = randomOf(seed);
    const story = [`seed ${seed}: boots from slot ${await boot(prepared)}`];
    await node.as("os:admin", (channel) =>
      client(MachineService, channel, patience).metaWrite({ key: kept.key, value: Buffer.from(kept.value) }),
    );
    for (let cut = 0; cut < cuts; cut++) {
      const image = random() < 0.5 ? "next" : "works";
      await node.upgrade(`${images}${image}`);
      // The moment is the test: no sign of the machine's stands for any.
      const afterMs = random() * upgradeMs;
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await machine.cutPower();
      const slot = await boot(prepared);
      story.push(`cut ${(afterMs / 1000).toFixed(1)} s into an upgrade to ${image}: boots from slot ${slot}`);
      writeFileSync(directory.file("story.log"), `${story.join("\n")}\n`);
      const meta = await node.as("os:reader", (channel) =>
        new RemoteState({ channel, ...patience }).get(MetaKey, kept.id),
      );
      expect(meta.spec.value).toBe(kept.value);
    }
  },
);

test("power cuts in an installation leave a machine that is installed", { timeout: 1_500_000 }, async () => {
  const directory = openRunDirectory(project, "power cuts install");
  await using netbooted = await openNetbootedNode({ firmware: "bios", shelf, directory });
  const { machine, node } = netbooted;
  const random = randomOf(installSeed);
  for (let cut = 0; cut < installCuts; cut++) {
    const since = await node.mark();
    await machine.powerOn({ order: ["disk", "network"], restarts: "by itself" });
    // Where the last cut came too late, it is installed already.
    const moment = installMoments[Math.floor(random() * installMoments.length)]!;
    await node.until(new RegExp(`ingot: install: ${moment}|ingot: the system is on`), since);
    await new Promise((resolve) => setTimeout(resolve, random() * momentMs));
    await machine.cutPower();
  }
  const since = await node.mark();
  await machine.powerOn({ order: ["disk", "network"], restarts: "by itself" });
  await node.runsFrom("a", since);
});

/** Until it may be upgraded; answers the slot that it came up from. */
async function boot({ machine, node }: PreparedNode): Promise<string> {
  const since = await node.mark();
  await machine.powerOn({ order: ["disk"], restarts: "by itself" });
  await node.until(/ingot: the machine config is from STATE/, since);
  await node.until(/ingot: machine API: port 50000, mutual TLS/, since);
  await node.until(/ingot: boot sequence done/, since);
  const said = (await machine.console.text()).slice(since);
  const slot = /ingot: the system is on \S+, slot ([ab])/.exec(said)?.[1];
  if (slot === undefined) throw new Error(`Cannot tell which slot it booted from: ${machine.console.file}`);
  if (await node.isOnTrial()) await node.until(/ingot: slot [ab] has proved itself/, since);
  return slot;
}
