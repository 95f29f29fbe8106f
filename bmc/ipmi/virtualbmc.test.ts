// Our client against OpenStack's virtualbmc, with libvirt's machine of make-believe behind it.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pythonPackage } from "../../workshop/python-packages.ts";
import { systemClock } from "../system-clock.ts";
import { setBoot, setPower, startOver } from "../verified.ts";
import { authenticationCapabilities } from "./lan-discovery.ts";
import { openLanPort } from "./lan-port.ts";
import { openIpmi } from "./open.ts";

const installMs = 200_000;
const around = new AsyncDisposableStack();
afterAll(() => around.disposeAsync());
let open: ((password: string) => ReturnType<typeof openIpmi>) | undefined;
let whyNot = "";

async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

/** Somebody has to keep the connection, or the machine forgets its state between two requests. */
const program = (udpPort: number) => `import libvirt
from virtualbmc import vbmc
kept = libvirt.open("test:///default")
vbmc.VirtualBMC("admin", "password", ${udpPort}, "127.0.0.1", "test", "test:///default").listen()`;

beforeAll(async () => {
  const virtualbmc = await pythonPackage("virtualbmc==3.2.0", { alone: true });
  if (typeof virtualbmc === "string") {
    whyNot = virtualbmc;
    return;
  }
  const udpPort = await freePort();
  const child = spawn("/usr/bin/python3", ["-c", program(udpPort)], {
    stdio: "ignore",
    env: { ...process.env, ...virtualbmc.environment },
  });
  around.defer(async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  const port = around.use(await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() }));
  const peer = { address: "127.0.0.1", port: udpPort };
  await authenticationCapabilities({ port, clock: systemClock, peer, patience: { firstMs: 100, tries: 12 } });
  open = (password) =>
    openIpmi({ port, clock: systemClock, randomBytes, host: peer.address, udpPort, user: "admin", password });
}, installMs);

const verification = { clock: systemClock, pollMs: 50 };

test("power and boot device of OpenStack's virtualbmc", { timeout: 60_000 }, async ({ skip }) => {
  if (!open) return skip(whyNot);
  await using bmc = await open("password");
  for (const power of ["on", "off", "on"] as const) {
    await setPower(bmc, power, verification);
    expect(await bmc.power.read()).toBe(power);
  }
  await startOver(bmc, "reset", verification);
  await setPower(bmc, "off", verification);
  // Of a running machine it tells what that one booted from.
  for (const device of ["pxe", "cdrom", "disk"] as const)
    expect(await setBoot(bmc, { device, lasting: "once" }, verification)).toMatchObject({ device });
});

test("virtualbmc's refusal of a password is called that", async ({ skip }) => {
  if (!open) return skip(whyNot);
  await expect(open("wrong")).rejects.toThrow(/wrong password for user "admin"/);
});
