// Ctrl-C in the middle of `npm start`, whatever its machine is doing: it ends as if its end had come, and nothing of it is
// left. `npm run test:qemu -- --all lab-ends`.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { operatingSystem, project } from "./framework/image.ts";
import { LabProcess, surroundings } from "./framework/lab-process.ts";
import { Transcript } from "./framework/transcript.ts";

beforeAll(() => operatingSystem());

const rack = `machines:
  - { name: one, firmware: bios, tpm: true, disks: [{ bus: virtio }] }
`;

test.each([
  ["while its kernel is loaded", /iPXE initialising/],
  ["during an installation", /ingot: install: 25 % of the image/],
  ["during the first boot from disk", /ommand line: .*ingot\.slot=a/],
])("Ctrl-C %s leaves nothing", async (moment, seen) => {
  const name = `lab ends ${moment}`.replaceAll(" ", "-");
  const before = surroundings(name);
  await using lab = new LabProcess(name, rack);
  await lab.says(/one +powered on/);
  const console = new Transcript("one", join(project, "out/qemu", name, "one.serial.log"));
  await console.waitFor(seen, { within: "wholeLife" });
  expect(surroundings(name).processes.join("\n")).toContain("qemu-system");
  expect(await lab.interrupt(), lab.said.join("\n")).toEqual([0, null]);
  expect(surroundings(name)).toEqual(before);
});
