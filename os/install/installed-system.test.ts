import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTable } from "../block/gpt/table.ts";
import { runTool } from "../kernel/run-tool.ts";
import { install } from "./install.ts";
import { InstalledSystem } from "./installed-system.ts";
import { extentOf, otherSlot, partitionOfSlot, type Slot } from "./layout.ts";
import { metaTags } from "./meta/block.ts";
import { type PracticeDisk, practiceDisk } from "./practice-disk.ts";
import { practiceImage } from "./practice-image.ts";
import { placesIn } from "./slot.ts";
import { digestOf } from "./target.ts";

const sizeBytes = 2 * 1024 ** 3;
const first = practiceImage(randomBytes(30_000), randomBytes(400_000));
const second = practiceImage(randomBytes(31_000), randomBytes(9_000_000));
const progress = { written: () => {}, signal: new AbortController().signal };

let folder: string;
let installed: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-upgrade-"));
  installed = join(folder, "installed.img");
  const made = join(folder, "made.img");
  await using disk = await practiceDisk(made, { sizeBytes });
  const loader = { boot: randomBytes(512), core: randomBytes(1000), efi: randomBytes(1000) };
  const rest = { config: "a: b\n", meta: new Map(), wipe: false, scratch: folder, newGuid: randomUUID };
  await install(
    { disk, source: first, loader, kernelArguments: ["quiet"], run: runTool((child) => child), ...rest },
    { step: () => {}, written: () => {} },
    progress.signal,
  );
  copy(made, installed);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Zeros become holes, of which most of a disk is made. */
const copy = (from: string, to: string) => execFileSync("cp", ["--sparse=always", from, to]);

/** A copy of the disk that was just installed. */
function newDisk(options: { cutAfter?: number } = {}): Promise<PracticeDisk> {
  const file = join(folder, "disk.img");
  copy(installed, file);
  return practiceDisk(file, { sizeBytes, ...options });
}

async function systemOn(disk: PracticeDisk, slot: Slot): Promise<InstalledSystem> {
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

/** What the boot script does with the disk as it is, and what it takes away before. */
async function bootedSlot(disk: PracticeDisk): Promise<Slot> {
  const system = await systemOn(disk, "a");
  const state = await system.bootState();
  if (state?.is !== "installed") throw new Error("nothing to boot");
  const wanted = state.next ?? state.default;
  return (await isWhole(disk, wanted)) ? wanted : otherSlot(wanted);
}

async function isWhole(disk: PracticeDisk, slot: Slot): Promise<boolean> {
  const contents = await (await systemOn(disk, "a")).contents(slot);
  if (!contents) return false;
  const { offset } = extentOf((await readTable(disk))!, partitionOfSlot[slot], disk.sectorBytes)!;
  const places = placesIn(contents.release);
  for (const part of ["kernel", "initramfs"] as const) {
    const { sizeBytes: size, sha256 } = contents.release[part];
    if ((await digestOf(disk, offset + places[part], size)) !== sha256) return false;
  }
  return true;
}

describe("an upgrade", () => {
  test("is tried once, and kept when it has proved itself", async () => {
    await using disk = await newDisk();
    const old = await systemOn(disk, "a");
    expect(await old.isOnTrial()).toBe(false);
    await old.upgrade({ source: second, from: "here" }, progress);
    expect(await old.bootState()).toEqual({ is: "installed", default: "a", next: "b" });
    expect((await old.meta()).get(metaTags.upgradeFallback)).toEqual(Uint8Array.from(Buffer.from("a")));
    const contents = await old.contents("b");
    expect(contents?.release).toEqual(second.release);
    expect(contents?.kernelArguments).toEqual([
      "quiet",
      expect.stringMatching(/^ingot.system=/),
      "ingot.slot=b",
    ]);

    const next = await systemOn(disk, "b");
    expect(await next.isOnTrial()).toBe(true);
    await next.commit();
    expect(await next.isOnTrial()).toBe(false);
    expect(await next.bootState()).toEqual({ is: "installed", default: "b", next: undefined });
    expect((await next.meta()).size).toBe(0);
  });

  test("is taken back on request", async () => {
    await using disk = await newDisk();
    await (await systemOn(disk, "a")).upgrade({ source: second, from: "here" }, progress);
    const next = await systemOn(disk, "b");
    await next.commit();
    await next.rollback();
    expect(await bootedSlot(disk)).toBe("a");
  });

  test("that fell back is not gone back to: it would be booted for good", async () => {
    await using disk = await newDisk();
    const old = await systemOn(disk, "a");
    await old.upgrade({ source: second, from: "here" }, progress);
    await old.endTrial("it panicked");
    await expect(old.rollback()).rejects.toThrow(/has here, which never proved itself \(it panicked\)/);
    await (await systemOn(disk, "b")).commit();
    await old.rollback();
    expect(await bootedSlot(disk)).toBe("b");
  });

  test("cannot be taken back when there was none", async () => {
    await using disk = await newDisk();
    await expect((await systemOn(disk, "a")).rollback()).rejects.toThrow(/the other slot is empty/);
  });

  test("to an image that is cut short changes nothing that is booted", async () => {
    await using disk = await newDisk();
    const broken = { ...second, read: () => first.read("kernel", progress.signal) };
    await expect(
      (await systemOn(disk, "a")).upgrade({ source: broken, from: "here" }, progress),
    ).rejects.toThrow(/read back/);
    expect(await bootedSlot(disk)).toBe("a");
    expect(await isWhole(disk, "b")).toBe(false);
  });

  test("leaves a disk that boots, at whichever write the power is cut", async () => {
    let total: number;
    {
      await using disk = await newDisk();
      await (await systemOn(disk, "a")).upgrade({ source: second, from: "here" }, progress);
      total = disk.writes;
    }
    expect(total).toBeGreaterThan(8);
    for (let cutAfter = 0; cutAfter < total; cutAfter++) {
      await using disk = await newDisk({ cutAfter });
      await expect(
        (await systemOn(disk, "a")).upgrade({ source: second, from: "here" }, progress),
      ).rejects.toThrow("the power is gone");
      expect(await isWhole(disk, await bootedSlot(disk)), `cut after ${cutAfter}`).toBe(true);
      expect(await isWhole(disk, "a"), `cut after ${cutAfter}`).toBe(true);
    }
  });
});
