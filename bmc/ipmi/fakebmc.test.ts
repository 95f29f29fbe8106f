// Our client against pyghmi's BMC: no channel discovery, cipher suite 3 only, and little else than power and boot order.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, bmcConformance } from "../bmc.conformance.ts";
import { systemClock } from "../system-clock.ts";
import { authenticationCapabilities } from "./lan-discovery.ts";
import { openLanPort } from "./lan-port.ts";
import { openIpmi } from "./open.ts";

const around = new AsyncDisposableStack();
afterAll(() => around.disposeAsync());
let openAs: (password: string) => ReturnType<typeof openIpmi>;

beforeAll(async () => {
  const udpPort = await freePort();
  const program = `import pyghmi.cmd.fakebmc as it; it.FakeBmc({"admin": "password"}, port=${udpPort}).listen()`;
  const child = spawn("/usr/bin/python3", ["-c", program], { stdio: "ignore" });
  around.defer(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const port = around.use(await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() }));
  const peer = { address: "127.0.0.1", port: udpPort };
  await authenticationCapabilities({ port, clock: systemClock, peer, patience: { firstMs: 100, tries: 12 } });
  openAs = (password) =>
    openIpmi({ port, clock: systemClock, randomBytes, host: peer.address, udpPort, user: "admin", password });
});

/** It wants a number. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

bmcConformance("IPMI, pyghmi's fake BMC", {
  open: async (): Promise<Bench> => {
    const bmc = await openAs("password");
    return { bmc, [Symbol.asyncDispose]: () => bmc[Symbol.asyncDispose]() };
  },
  // It keeps neither the persistent nor the EFI bit, and knows no command of the others.
  without: [
    "cycle",
    "bootPersistent",
    "bootFirmware",
    "identify",
    "sensors",
    "events",
    "console",
    "accounts",
    "network",
  ],
});

test("a wrong password is called that by a third BMC", async () => {
  await expect(openAs("wrong")).rejects.toThrow(/wrong password for user "admin"/);
});
