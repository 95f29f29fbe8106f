// The lab as `npm start` runs it, in namespaces of its own inside the suite's: a new machine with a BMC lives its life to
// the pool, is commanded from another terminal, and Ctrl-C leaves nothing.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterEach, beforeAll, expect, test } from "vitest";
import { deadlineMs } from "./framework/deadlines.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { openRunDirectory, type RunDirectory } from "./framework/run-directory.ts";

const name = "lab-of-a-test";
const rack = `machines:
  - { name: bios-1, firmware: bios, disks: [{ bus: nvme, megabytes: 64 }] }
`;
const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];

let lab: ChildProcessByStdio<null, Readable, null> | undefined;
let ended: Promise<unknown[]>;
const said: string[] = [];

beforeAll(() => operatingSystem());
afterEach(async () => {
  if (!lab || lab.exitCode !== null) return;
  // `unshare` keeps its children from outliving it.
  lab.kill("SIGKILL");
  await ended;
});

function startLab(notes: RunDirectory): void {
  const file = notes.file("rack.yaml");
  writeFileSync(file, rack);
  const main = join(project, "test/qemu/lab/main.ts");
  lab = spawn(
    "unshare",
    [...namespaces, process.execPath, main, "--pool", "--rack", file, "--name", name],
    // A group of its own, as a terminal's: Ctrl-C goes to all of it.
    { detached: true, stdio: ["ignore", "pipe", "inherit"] },
  );
  ended = once(lab, "exit");
}

/** Resolves when the lab says it on the terminal. */
async function labSays(pattern: RegExp): Promise<void> {
  const signal = AbortSignal.timeout(deadlineMs.operatingSystem * 2);
  const lines = createInterface({ input: lab!.stdout, signal });
  for await (const line of lines) {
    said.push(line);
    if (pattern.test(line)) return;
  }
  throw new Error(`The lab did not say ${pattern}:\n${said.join("\n")}`);
}

async function ask(path: string, body = ""): Promise<unknown> {
  const socketPath = join(project, "out/qemu", name, "control");
  const asked = request({ socketPath, path, method: "POST" }).end(body);
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const told: unknown = JSON.parse((await response.setEncoding("utf8").toArray()).join(""));
  if (response.statusCode !== 200) throw new Error(String(told));
  return told;
}

const status = async () => (await ask("/status")) as { name: string; stage: string; process: string }[];

/** What this suite's namespaces hold; a lab of its own must add nothing to it. */
const surroundings = () => ({
  links: readdirSync("/sys/class/net").sort(),
  mounts: readFileSync("/proc/self/mounts", "utf8"),
  processes: readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => commandLine(pid))
    .filter((command) => command.includes(name) || command.includes("qemu-system")),
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    // It ended in between.
    return "";
  }
}

test("brings a machine to the pool, does what it is told, and leaves nothing", async () => {
  const before = surroundings();
  startLab(openRunDirectory(project, "lab of a test notes"));
  await labSays(/All machines are in the pool/);
  const story = said.filter((line) => / s {2}bios-1 /.test(line)).join("\n");
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

  process.kill(-lab!.pid!, "SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(surroundings()).toEqual(before);
});
