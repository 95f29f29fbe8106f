// A machine whose plug is pulled at random moments: of its installation, and it is installed all the same; of its upgrades,
// and it always comes up from one of its two systems, with its config, its data and what it keeps in META. CUTS and SEED
// say how often and when. What a disk does with single writes is os/install/power-cuts.test.ts.
import { writeFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { client } from "../../api/grpc/client.ts";
import { RemoteState } from "../../cosi/grpc/remote-state.ts";
import type { Slot } from "../../os/install/layout.ts";
import { randomOf } from "../../os/install/power-cuts.ts";
import { MetaKey } from "../../os/resources/runtime/platform.ts";
import { hasAll, moveIn, rename } from "./framework/belongings.ts";
import { project } from "./framework/image.ts";
import { type ImageShelf, openImageShelf } from "./framework/image-shelf.ts";
import { openNetbootedNode } from "./framework/netbooted-node.ts";
import type { NodeUnderTest } from "./framework/node-under-test.ts";
import { openPreparedNode, type PreparedNode } from "./framework/prepared-node.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const cuts = Number(process.env["CUTS"] ?? 4);
const seed = Number(process.env["SEED"] ?? 1);
/** No cut and the boot after it take so long, on whatever machine. */
const longestCycleMs = 180_000;
/** What a machine goes through in an upgrade, and what it says where that begins. */
const stretches = [
  ["writing the image", /ingot: upgrade: writing/],
  ["reading it back and switching to it", /ingot: upgrade: 100 %/],
  ["going down", /ingot: restart/],
  ["firmware and boot loader", /reboot: machine restart/],
  ["the kernel", /ommand line: BOOT_IMAGE/],
  ["the trial", /ingot: slot [ab] is on trial/],
  ["the end of the trial", /ingot: boot sequence done/],
  ["the first moment after it", /ingot: slot [ab] has proved itself/],
] as const;

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
const meta = { key: 0x0c, id: "0x0c" };

let shelf: ImageShelf;
beforeAll(async () => {
  shelf = await openImageShelf(openRunDirectory(project, "power cuts images").path);
  shelf.add("next", { kernelArguments: ["ingot.generation=2"] });
});

test.each(["bios", "uefi"] as const)(
  `${cuts} power cuts in upgrades leave a machine that boots with %s`,
  { timeout: 600_000 + cuts * longestCycleMs },
  async (firmware) => {
    const directory = openRunDirectory(project, `power cuts ${firmware}`);
    await using prepared = await openPreparedNode({ firmware, shelf, directory });
    const { machine, node, images } = prepared;
    const random = randomOf(seed);
    const story: string[] = [];
    const tell = (line: string) => {
      story.push(line);
      process.stdout.write(`${line}\n`);
      writeFileSync(directory.file("story.log"), `${story.join("\n")}\n`);
    };
    await boot(prepared);
    await moveIn(node, "uncut");
    const lengthsMs = await measure(node, `${images}next`);
    tell(`${firmware}, seed ${seed}; an upgrade that nobody disturbs: ${toldOf(lengthsMs)}`);
    let slot: Slot = "b";
    let held = "next";

    const began = performance.now();
    for (let cut = 1; cut <= cuts; cut++) {
      const name = `cut-${cut}`;
      await rename(node, name);
      await writeMeta(node, name);
      const image = random() < 0.5 ? "next" : "works";
      const nth = Math.floor(random() * stretches.length);
      const [stretch, begins] = stretches[nth]!;
      const since = await node.mark();
      await node.upgrade(`${images}${image}`);
      await node.until(begins, since);
      // The moment is the test: no sign of the machine's stands for any.
      const afterMs = random() * lengthsMs[nth]!;
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await machine.cutPower();

      const isWritten = (await machine.console.text()).slice(since).includes("100 % of the image");

      const booted = await boot(prepared);
      if (!isWritten) expect(booted.slot).toBe(slot);
      // The one of the two that it was, or the other, and that as it was written.
      held = booted.slot === slot ? held : image;
      expect(booted.generation).toBe(held === "next" ? "2" : undefined);
      const which = booted.slot === slot ? "the system before" : "the new one";
      slot = booted.slot;
      await hasAll(node, name);
      expect(await readMeta(node)).toBe(name);
      tell(`${name}: ${(afterMs / 1000).toFixed(2)} s into ${stretch}; boots ${which}, from slot ${slot}`);
    }
    const seconds = (performance.now() - began) / 1000;
    tell(`${cuts} cuts, ${(seconds / cuts).toFixed(1)} s each`);
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

interface Booted {
  readonly slot: Slot;
  /** Of its image, by the kernel arguments; undefined of the one that works. */
  readonly generation: string | undefined;
}

/** Until it may be upgraded. */
async function boot({ machine, node }: PreparedNode): Promise<Booted> {
  const since = await node.mark();
  await machine.powerOn({ order: ["disk"], restarts: "by itself" });
  await node.until(/ingot: the machine config is from STATE/, since);
  await node.until(/ingot: machine API: port 50000, mutual TLS/, since);
  await node.until(/ingot: boot sequence done/, since);
  const said = (await machine.console.text()).slice(since);
  const slot = /ingot: the system is on \S+, slot ([ab])/.exec(said)?.[1] as Slot | undefined;
  if (slot === undefined) throw new Error(`Cannot tell which slot it booted from: ${machine.console.file}`);
  if (await node.isOnTrial()) await node.until(stretches.at(-1)![1], since);
  return { slot, generation: /ommand line: .*ingot\.generation=(\d)/.exec(said)?.[1] };
}

/** How long it is in each of the stretches, when nobody pulls its plug. */
async function measure(node: NodeUnderTest, image: string): Promise<readonly number[]> {
  const since = await node.mark();
  await node.upgrade(image);
  const times: number[] = [];
  for (const [, begins] of stretches) {
    await node.until(begins, since);
    times.push(performance.now());
  }
  return stretches.map((_, nth) => (times[nth + 1] ?? times[nth]! + momentMs) - times[nth]!);
}

const toldOf = (lengthsMs: readonly number[]) =>
  stretches.map(([name], nth) => `${name} ${(lengthsMs[nth]! / 1000).toFixed(1)} s`).join(", ");

const writeMeta = (node: NodeUnderTest, value: string) =>
  node.as("os:admin", (channel) =>
    client(MachineService, channel, patience).metaWrite({ key: meta.key, value: Buffer.from(value) }),
  );

const readMeta = (node: NodeUnderTest) =>
  node.as("os:reader", async (channel) => {
    const { spec } = await new RemoteState({ channel, ...patience }).get(MetaKey, meta.id);
    return spec.value;
  });
