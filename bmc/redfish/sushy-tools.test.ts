// The seam over Redfish against a service of other authors: sushy-tools' emulator with its driver of make-believe.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pythonPackage } from "../../workshop/python-packages.ts";
import { makeTestAuthority, type TestAuthority } from "../../workshop/test-certificates.ts";
import { isAbsent } from "../bmc.ts";
import { systemClock } from "../system-clock.ts";
import { setPower } from "../verified.ts";
import { openRedfish } from "./open.ts";

const installMs = 200_000;
let authority: TestAuthority;
let folder: string;
let open: (() => ReturnType<typeof openRedfish>) | undefined;
let whyNot = "";
const stack = new AsyncDisposableStack();

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Reads until it says so, and then on, so that it is not held up by us. */
async function told(output: Readable, wanted: string): Promise<void> {
  const all = await new Promise<string>((resolve) => {
    let said = "";
    output.on("end", () => resolve(said));
    output.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(wanted)) resolve(said);
    });
  });
  if (!all.includes(wanted)) throw new Error(`sushy-emulator ended: ${all}`);
}

beforeAll(async () => {
  const emulator = await pythonPackage("sushy-tools==2.2.0");
  if (typeof emulator === "string") {
    whyNot = emulator;
    return;
  }
  authority = stack.use(await makeTestAuthority());
  folder = await mkdtemp(join(tmpdir(), "sushy-tools-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const { certificateFile, keyFile } = await authority.issue("emulator");
  const port = await freePort();
  const configuration = join(folder, "emulator.conf");
  await writeFile(
    configuration,
    `SUSHY_EMULATOR_LISTEN_IP = "127.0.0.1"
SUSHY_EMULATOR_LISTEN_PORT = ${port}
SUSHY_EMULATOR_SSL_CERT = "${certificateFile}"
SUSHY_EMULATOR_SSL_KEY = "${keyFile}"
SUSHY_EMULATOR_STATE_DIR = "${folder}"
`,
  );
  const child = spawn("python3", [emulator.program("sushy-emulator"), "--config", configuration, "--fake"], {
    env: { ...process.env, ...emulator.environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  stack.defer(async () => {
    const ended = once(child, "exit");
    child.kill();
    await ended;
  });
  await told(child.stderr, "Running on");
  open = () =>
    openRedfish({
      clock: systemClock,
      host: "127.0.0.1",
      port,
      trust: { by: "authorities", pem: authority.certificate },
      user: "admin",
      password: "secret",
      patience: { retryEveryMs: 20, changeForMs: 5_000, readForMs: 5_000, closeForMs: 5_000 },
    });
}, installMs);
afterAll(() => stack[Symbol.asyncDispose]());

test("power, boot, facts and sensors of sushy-tools' emulator", { timeout: 180_000 }, async ({ skip }) => {
  if (!open) return skip(whyNot);
  await using bmc = await open();
  await setPower(bmc, "on", { clock: systemClock, pollMs: 200 });
  expect(await bmc.power.read()).toBe("on");
  for (const device of ["pxe", "cdrom", "disk"] as const) {
    expect(await bmc.boot.set({ device, lasting: "persistent", firmware: "uefi" })).toBeUndefined();
    expect(await bmc.boot.read()).toEqual({ device, lasting: "persistent", firmware: "uefi" });
  }
  const facts = await bmc.chassis.facts();
  expect(facts).toMatchObject({ manufacturer: "Sushy Emulator", macs: [expect.any(String)] });
  const sensors = await bmc.health.sensors();
  if (isAbsent(sensors)) throw new Error(sensors.absent);
  expect(sensors).toContainEqual(
    expect.objectContaining({ name: "CPU Temp", kind: "temperature", unit: "degrees C" }),
  );
  expect(isAbsent(await bmc.accounts.list())).toBe(true);
  await setPower(bmc, "off", { clock: systemClock, pollMs: 200 });
  expect(await bmc.power.read()).toBe("off");
});
