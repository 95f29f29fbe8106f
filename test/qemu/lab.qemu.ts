// The lab as `npm start` runs it, in namespaces of its own inside the suite's: a new machine with a BMC lives its life to
// the pool, is commanded from another terminal, and Ctrl-C leaves nothing.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { deadlineMs } from "./framework/deadlines.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { LabProcess, surroundings } from "./framework/lab-process.ts";

const name = "lab-of-a-test";
const rack = `machines:
  - { name: bios-1, firmware: bios, disks: [{ bus: nvme, megabytes: 64 }] }
`;

beforeAll(() => operatingSystem());

async function ask(path: string, body = ""): Promise<unknown> {
  const socketPath = join(project, "out/qemu", name, "control");
  const asked = request({ socketPath, path, method: "POST" }).end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const told: unknown = JSON.parse((await response.setEncoding("utf8").toArray()).join(""));
  if (response.statusCode !== 200) throw new Error(String(told));
  return told;
}

const status = async () => (await ask("/status")) as { name: string; stage: string; process: string }[];

test("brings a machine to the pool, does what it is told, and leaves nothing", async () => {
  const before = surroundings(name);
  await using lab = new LabProcess(name, rack, ["--pool"]);
  await lab.says(/All machines are in the pool/);
  const story = lab.said.filter((line) => / s {2}bios-1 /.test(line)).join("\n");
  expect(story).toMatch(/powered on; its BMC is 10\.1\.0\.11[^]*its agent [^]*accepted: [^]*in the pool/);
  // Which of the two is done first is nobody's promise.
  expect(story).toMatch(/all of its disks are wiped[^]*in the pool/);
  expect(story).toMatch(/an account on its BMC, 10\.1\.0\.11[^]*in the pool/);

  // What is free is turned off, by the account that the agent made on the BMC from inside.
  const processOf = async () => (await status())[0]?.process;
  await expect.poll(processOf, { timeout: deadlineMs.operatingSystem, interval: 200 }).toBe("none");

  await expect(ask("/add", "machines: [{ name: bios-1, firmware: bios }]")).rejects.toThrow("one already");
  await expect(ask("/add", "machines: [{ name: x, firmware: efi }]")).rejects.toThrow("machines.0.firmware");
  await ask(
    "/add",
    "machines: [{ name: added, firmware: bios, boot: [disk], memoryMegabytes: 64, bmc: none }]",
  );
  expect(await status()).toMatchObject([{ name: "bios-1", stage: "pool" }, { name: "added" }]);
  await expect
    .poll(async () => (await status())[1]?.process, { interval: 50, timeout: deadlineMs.processStart })
    .toBe("running");
  const screen = String(await ask("/machine/added/screenshot"));
  expect(readFileSync(screen).subarray(1, 4).toString()).toBe("PNG");
  await expect(ask("/machine/added/power?action=explode")).rejects.toThrow("there is: on, off");

  expect(await lab.interrupt()).toEqual([0, null]);
  expect(surroundings(name)).toEqual(before);
});
