import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { authenticationCapabilities } from "../ipmi/lan-discovery.ts";
import { type LanPort, openLanPort } from "../ipmi/lan-port.ts";
import { probeIpmi } from "../ipmi/probe.ts";
import { manualClock } from "../manual-clock.ts";
import { hurriedClock } from "../profiles.conformance.ts";
import { probeRedfish } from "../redfish/probe.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { IpmiEngine } from "../simulator/ipmi/engine.ts";
import { profiles } from "../simulator/quirks.ts";
import { openSimulation, type Simulation } from "../simulator/simulate.ts";
import { systemClock } from "../system-clock.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { type Probed, probeCommand } from "./probe-command.ts";

const host = "127.0.0.1";
let port: LanPort;
let simulation: Simulation;
beforeEach(async () => {
  port = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
  const place = { clock: systemClock, randomBytes, print: () => {} };
  const wish = { quirks: profiles["suite 0 open"], count: 1, address: host, ipmiPort: 0, redfishPort: 0 };
  simulation = await openSimulation(wish, place);
});
afterEach(async () => {
  await simulation[Symbol.asyncDispose]();
  await port[Symbol.asyncDispose]();
});

async function run(probed: Probed, format: string) {
  const [printed, warned]: [string[], string[]] = [[], []];
  const command = probeCommand({
    print: (text) => printed.push(text),
    warn: (text) => warned.push(text),
    probe: async () => probed,
  });
  await command.exitOverride().parseAsync(["--address", "bmc1", "-o", format], { from: "user" });
  return { output: printed.join("\n"), warned };
}

const ipmiTarget = (udpPort: number) => ({
  port,
  clock: hurriedClock,
  peer: { address: host, port: udpPort },
  patience: { firstMs: 20_000, tries: 2 },
});

test("tells anybody what is there, and warns of suite 0", async () => {
  const [bmc] = simulation.bmcs;
  const probed = {
    ipmi: await probeIpmi(ipmiTarget(bmc!.ipmiPort)),
    redfish: await probeRedfish({ clock: systemClock, host, port: bmc!.redfishPort }),
  };
  expect(probed).toEqual({
    ipmi: { version: "2.0", cipherSuites: [0, 3, 17] },
    redfish: {
      version: "1.15.0",
      vendor: "Ingot",
      product: "Emulated BMC",
      fingerprint: simulation.sha256,
    },
  });
  const { output, warned } = await run(probed, "table");
  expect(output).toMatch(/^ipmi\s+2\.0\ncipherSuites\s+0, 3, 17\nredfish\s+1\.15\.0\n/);
  expect(warned).toEqual([expect.stringContaining("cipher suite 0")]);
  expect(JSON.parse((await run(probed, "json")).output)).toEqual(probed);
});

test("tells a BMC that answers a ping and nothing else from one that is silent", async () => {
  const engine = new IpmiEngine({
    chassis: new SimulatedChassis({ clock: manualClock() }),
    randomBytes,
    udpPort: () => 623,
  });
  const socket = createSocket("udp4");
  const isPing = (packet: Buffer) => packet[3] === 6;
  socket.on("message", (packet, from) => {
    if (isPing(packet)) engine.receive(packet, (reply) => socket.send(reply, from.port, from.address));
  });
  socket.bind(0, host);
  await once(socket, "listening");
  const target = ipmiTarget(socket.address().port);
  expect(await probeIpmi(target)).toEqual({
    absent: expect.stringMatching(/^it answers a ping, and no more/),
  });
  await expect(authenticationCapabilities(target)).rejects.toThrow(/IPMI over LAN is off/);
  socket.close();
});

test("finds nobody where nobody is", async () => {
  const nobody = { absent: "nothing listens there" };
  const failure = await run({ ipmi: nobody, redfish: nobody }, "table").catch((error: unknown) => error);
  expect(String(failure)).toContain("Cannot find a BMC at bmc1: nothing listens there");
  expect(exitCodeOf(failure)).toBe(7);
});
