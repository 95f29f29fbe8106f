// How much room our node has, volume by volume.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../cosi/system-clock.ts";
import { clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { MountStatus } from "../../os/resources/runtime/platform.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "../../os/services/api/practice-node.ts";
import { ourTalosctl } from "./our-talosctl.ts";

let folder: string;
let node: PracticeNode;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-diskfree-"));
  const { secrets, controlPlane: config } = await practiceCluster();
  node = await openPracticeNode({ config });
  const mount = { filesystemType: "xfs", options: [], encrypted: false };
  for (const [id, source, target] of [
    ["EPHEMERAL", "/dev/vda8", tmpdir()],
    ["none", "", "/proc"],
  ] as const)
    await node.state.set(MountStatus, id, { spec: { ...mount, source, target } });
  const plan = { clusterName: "practice", secrets, clock: systemClock, endpoints: [node.address] };
  writeFileSync(join(folder, "talosconfig"), clientConfigText(await generateClientConfig(plan)));
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const ours = (line: string) =>
  ourTalosctl({ HOME: folder, TALOSCONFIG: join(folder, "talosconfig") }, [
    ...[...line.split(" "), "-n", "127.0.0.1"],
  ]);
const rows = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(/ {2,}/));

test("of each volume with a file system of its own, its room is shown", async () => {
  const { blocks, bsize } = await statfs(tmpdir());
  const { code, out } = await ours("diskfree -b");
  expect(code).toBe(0);
  expect(out).toMatch(/^NODE +VOLUME +FILESYSTEM +SIZE +USED +AVAILABLE +USAGE +MOUNT POINT\n/);
  expect(rows(out)).toEqual([
    [
      ...["127.0.0.1", "EPHEMERAL", "/dev/vda8", String(blocks * bsize)],
      ...[expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+%$/)],
      tmpdir(),
    ],
  ]);
});

test("for people, in units that fit; and in inodes", async () => {
  expect(rows((await ours("df EPHEMERAL")).out)[0]?.[3]).toMatch(/^(\d\.\d|\d{2,4})[KMGT]iB$/);
  const { out } = await ours("df -i");
  expect(out).toMatch(/^NODE +VOLUME +FILESYSTEM +INODES +IUSED +IFREE +%IUSED +MOUNT POINT\n/);
});

test("a volume that is not mounted is said to be so", async () =>
  expect(await ours("df nothing")).toMatchObject({
    code: 1,
    error: expect.stringContaining('volume "nothing" not mounted') as string,
  }));
