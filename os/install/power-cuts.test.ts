import { mkdtempSync, rmSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunTool, runTool } from "../kernel/run-tool.ts";
import type { FragileDisk } from "./fragile-disk.ts";
import { installedDisk, installThroughCuts, randomOf, upgradeThroughCuts } from "./power-cuts.ts";

let folder: string;
let disk: FragileDisk;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-power-cuts-"));
  disk = await installedDisk(randomOf(1000), { scratch: folder, run: runTool((child) => child) });
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("on a disk that forgets what was not flushed", () => {
  test.each([1, 2])(
    "50 upgrades that lose their power leave a machine that boots (seed %i)",
    async (seed) => {
      const { cuts, kept } = await upgradeThroughCuts(disk.copy(), randomOf(seed), 50);
      expect(cuts).toBeGreaterThan(10);
      expect(kept).toBeGreaterThan(5);
    },
  );

  // mke2fs makes the same filesystem each time: once is enough.
  let filesystem: string | undefined;
  const run: RunTool = async (command, args) => {
    const file = args.at(-2)!;
    if (filesystem === undefined) {
      await runTool((child) => child)(command, args);
      filesystem = join(folder, "filesystem");
      await copyFile(file, filesystem);
    } else await copyFile(filesystem, file);
  };

  test.each([1, 2])("an install that loses its power begins anew (seed %i)", async (seed) => {
    await installThroughCuts(randomOf(seed), 12, { scratch: folder, run });
  });
});
