import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { macOfNeighbour } from "./neighbours.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-neighbours-"));
});
afterEach(() => rm(folder, { recursive: true }));

// As Linux 6.12 prints it.
const table = `IP address       HW type     Flags       HW address            Mask     Device
10.8.0.9         0x1         0x2         52:54:00:00:08:01     *        s0
10.8.0.90        0x1         0x2         52:54:00:00:08:02     *        s0
10.8.0.10        0x1         0x0         00:00:00:00:00:00     *        s0
`;

test.each([
  ["10.8.0.9", "52:54:00:00:08:01"],
  ["10.8.0.90", "52:54:00:00:08:02"],
  ["10.8.0.1", undefined],
  // Asked for, and nobody answered.
  ["10.8.0.10", undefined],
])("the machine at %s is %s", async (address, mac) => {
  const path = join(folder, "arp");
  await writeFile(path, table);
  expect(await macOfNeighbour(address, path)).toBe(mac);
});
