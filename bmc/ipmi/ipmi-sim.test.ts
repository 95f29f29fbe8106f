// Our client against OpenIPMI's emulated BMC, which other people wrote.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bench, bmcConformance } from "../bmc.conformance.ts";
import { systemClock } from "../system-clock.ts";
import { presencePing } from "./lan-discovery.ts";
import { type LanPort, openLanPort } from "./lan-port.ts";
import { openIpmi } from "./open.ts";

let folder: string;
let simulator: ChildProcess;
let udpPort: number;
let port: LanPort;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-ipmi-sim-"));
  udpPort = await freePort();
  port = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
  await writeFile(join(folder, "lan.conf"), lanConfiguration(udpPort));
  await writeFile(
    join(folder, "power"),
    '#!/bin/sh\nstate="$0.state"\n[ "$2" = get ] && { printf "power:%s\\n" "$(cat "$state" 2>/dev/null || echo 0)"; exit 0; }\n[ "$2" = set ] && [ "$3" = power ] && echo "$4" > "$state"\nexit 0\n',
    { mode: 0o755 },
  );
  await writeFile(join(folder, "emulation"), emulation);
  const files = [
    "-c",
    join(folder, "lan.conf"),
    "-f",
    join(folder, "emulation"),
    "-s",
    join(folder, "state"),
  ];
  simulator = spawn("ipmi_sim", [...files, "-n"], { stdio: "ignore" });
  const peer = { address: "127.0.0.1", port: udpPort };
  await presencePing({ port, clock: systemClock, peer, patience: { firstMs: 100, tries: 12 } });
});
afterAll(async () => {
  simulator.kill("SIGKILL");
  await once(simulator, "exit");
  await port[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** ipmi_sim wants a number in its file. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

const lanConfiguration = (udpPort: number) => `name "sim"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${udpPort}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${join(folder, "power")} 0x20"
  user 1 true "" "test" user 10 none md2 md5 straight
  user 2 true "admin" "secret" admin 10 none md2 md5 straight
`;

const emulation = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;

const options = () => ({
  port,
  clock: systemClock,
  randomBytes,
  host: "127.0.0.1",
  udpPort,
  user: "admin",
  password: "secret",
});

bmcConformance("IPMI, OpenIPMI's ipmi_sim", {
  open: async (): Promise<Bench> => {
    const bmc = await openIpmi(options());
    return { bmc, [Symbol.asyncDispose]: () => bmc[Symbol.asyncDispose]() };
  },
  // No sensor is configured here; its boot options drop the valid and persistent bits, whatever its script says.
  without: ["boot", "sensors"],
});

test("a wrong password is called that by another BMC too", async () => {
  await expect(openIpmi({ ...options(), password: "wrong" })).rejects.toThrow(
    /wrong password for user "admin"/,
  );
});
