// The life of a disk through upgrades that lose their power: the real writers on a disk that forgets, and a boot loader
// that reads it as GRUB does. Whatever happens, what is booted is whole, with the machine's config and META.
import { readTable } from "../block/gpt/table.ts";
import { readBootState, writeBootState } from "./boot-partition.ts";
import { type FragileDisk, fragileDisk, type Random } from "./fragile-disk.ts";
import type { ImageSource } from "./image-source.ts";
import { type InstallRequest, install } from "./install.ts";
import { InstalledSystem } from "./installed-system.ts";
import { extentOf, otherSlot, type PartitionName, partitionOfSlot, type Slot } from "./layout.ts";
import { metaTags } from "./meta/block.ts";
import { occupancyOf } from "./occupancy.ts";
import { practiceImage } from "./practice-image.ts";
import { decodeSlotHeader, placesIn, slotHeaderBytes, slotScriptBytes } from "./slot.ts";
import { digestOf } from "./target.ts";

const sizeBytes = 2 * 1024 ** 3;
const { signal } = new AbortController();

/** mulberry32: the same numbers for the same seed. */
export function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What an install needs beside a disk, an image, and the power. */
export type Surroundings = Pick<InstallRequest, "scratch" | "run">;

const nameOfMachine = Buffer.from("machine-1");
const request = (disk: FragileDisk, source: ImageSource, around: Surroundings): InstallRequest => ({
  ...{ disk, source, ...around, wipe: false, newGuid: () => crypto.randomUUID() },
  loader: {
    boot: new Uint8Array(512).fill(1),
    core: new Uint8Array(9000).fill(2),
    efi: new Uint8Array(9000).fill(3),
  },
  ...{ kernelArguments: ["quiet"], config: "version: v1alpha1\n" },
  meta: new Map([[metaTags.uuidOverride, nameOfMachine]]),
});

const bytesOf = (random: Random, size: number) => Uint8Array.from({ length: size }, () => random() * 256);
const newImage = (random: Random) =>
  practiceImage(bytesOf(random, 5_000 + random() * 30_000), bytesOf(random, 10_000 + random() * 90_000), [
    `image=${Math.floor(random() * 1e9)}`,
  ]);

const installOn = async (disk: FragileDisk, source: ImageSource, around: Surroundings) => {
  await install(request(disk, source, around), { step: () => {}, written: () => {} }, signal);
  await disk.flush();
};

export async function installedDisk(random: Random, around: Surroundings): Promise<FragileDisk> {
  const disk = fragileDisk(sizeBytes);
  await installOn(disk, newImage(random), around);
  return disk;
}

/** Loses the power in the middle of installs until one comes through. Throws when one finds the disk taken. */
export async function installThroughCuts(random: Random, cuts: number, around: Surroundings): Promise<void> {
  const source = newImage(random);
  let disk = fragileDisk(sizeBytes);
  await installOn(disk, source, around);
  const total = disk.writes;
  disk = fragileDisk(sizeBytes);
  for (let cut = 0; cut < cuts; cut++) {
    disk.cutAfter(Math.floor(random() * total));
    await untilCut(() => installOn(disk, source, around));
    disk.powerOn(random);
    const { is } = await occupancyOf(disk);
    // The last write may have reached the medium although nobody was told.
    if (is === "occupied" && (await bootOn(disk)) === "a") disk = fragileDisk(sizeBytes);
    else if (is === "occupied") throw new Error("a disk that was not installed is taken");
  }
  await installOn(disk, source, around);
  if ((await bootOn(disk)) !== "a") throw new Error("what was installed does not boot");
}

export interface Tally {
  upgrades: number;
  cuts: number;
  /** How often the image that was tried runs after its upgrade. */
  kept: number;
}

/** Upgrades again and again, most of the time losing the power somewhere. Throws when a machine is lost. */
export async function upgradeThroughCuts(
  disk: FragileDisk,
  random: Random,
  upgrades: number,
): Promise<Tally> {
  const tally: Tally = { upgrades, cuts: 0, kept: 0 };
  const state = await digestOfPartition(disk, "STATE");
  let slot = await bootOn(disk);
  for (let nth = 0; nth < upgrades; nth++) {
    const source = newImage(random);
    const isGood = random() < 0.7;
    // An upgrade of these takes a good dozen of writes, and its trial some more.
    disk.cutAfter(random() < 0.8 ? Math.floor(random() * 30) : Infinity);
    if (await untilCut(() => upgradeOnce(isGood, source))) tally.cuts++;
    disk.powerOn(random);
    slot = await bootOn(disk);
    const system = await systemOn(disk, slot);
    // Tried at last, or given up: what is seen at the next boot is for good.
    if (await system.isOnTrial()) {
      if (isGood) await system.commit();
      else slot = await bootOn(disk);
    }
    const release = (await system.contents(slot))?.release;
    if (release?.initramfs.sha256 === source.release.initramfs.sha256) {
      if (!isGood) throw new Error(`upgrade ${nth}: an image that never proved itself was kept`);
      tally.kept++;
    }
    if ((await digestOfPartition(disk, "STATE")) !== state)
      throw new Error(`upgrade ${nth}: STATE was changed`);
    const name = (await system.meta()).get(metaTags.uuidOverride);
    if (!name || Buffer.compare(name, nameOfMachine) !== 0) throw new Error(`upgrade ${nth}: META was lost`);
  }
  return tally;

  async function upgradeOnce(isGood: boolean, source: ImageSource): Promise<void> {
    await (await systemOn(disk, slot)).upgrade({ source, from: "practice" }, { written: () => {}, signal });
    slot = await bootOn(disk);
    const tried = await systemOn(disk, slot);
    await tried.noteTrial({ reached: "PID 1" });
    if (isGood) await tried.commit();
    else await tried.noteTrial({ failure: "it was not ready" });
  }
}

/** True when the power went before it was over. */
async function untilCut(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof Error && error.message === "the power is gone") return true;
    throw error;
  }
}

/** As the boot partition's script does it: a slot on trial gets one try, and one without a script is passed over. */
async function bootOn(disk: FragileDisk): Promise<Slot> {
  const table = await readTable(disk);
  if (!table) throw new Error("there is no partition table");
  const boot = extentOf(table, "BOOT", disk.sectorBytes)!;
  const state = await readBootState(disk, boot);
  if (!state) throw new Error("the boot state is lost");
  let wanted: Slot = state.is === "installed" ? state.default : "a";
  if (state.is === "installed" && state.next) {
    wanted = state.next;
    await writeBootState(disk, boot, { is: "installed", default: state.default });
  }
  for (const slot of [wanted, otherSlot(wanted)]) {
    const { offset } = extentOf(table, partitionOfSlot[slot], disk.sectorBytes)!;
    const header = await disk.read(offset, slotHeaderBytes);
    const script = Buffer.from(header.subarray(0, slotScriptBytes)).toString("latin1");
    if (script.replaceAll(/[\n\0]/g, "") === "") continue;
    // Whatever it finds there it boots, without looking at digests.
    const contents = decodeSlotHeader(header);
    if (!contents) throw new Error(`slot ${slot} has a script, and nothing else`);
    const places = placesIn(contents.release);
    for (const part of ["kernel", "initramfs"] as const) {
      const { sizeBytes: size, sha256 } = contents.release[part];
      if ((await digestOf(disk, offset + places[part], size)) !== sha256)
        throw new Error(`slot ${slot} is booted, and its ${part} is not whole`);
    }
    return slot;
  }
  throw new Error("neither slot can be booted");
}

export async function systemOn(disk: FragileDisk, slot: Slot): Promise<InstalledSystem> {
  const table = (await readTable(disk))!;
  return new InstalledSystem(async (name) => {
    const { offset, sizeBytes: size } = extentOf(table, name, disk.sectorBytes)!;
    return {
      ...{ path: name, sizeBytes: size, sectorBytes: disk.sectorBytes, flush: disk.flush },
      read: (at, length) => disk.read(offset + at, length),
      write: (at, bytes) => disk.write(offset + at, bytes),
      overwrite: (at, length) => disk.overwrite(offset + at, length),
      [Symbol.asyncDispose]: async () => {},
    };
  }, slot);
}

async function digestOfPartition(disk: FragileDisk, name: PartitionName): Promise<string> {
  const { offset, sizeBytes: size } = extentOf((await readTable(disk))!, name, disk.sectorBytes)!;
  return digestOf(disk, offset, Math.min(size, 4 * 1024 * 1024));
}
