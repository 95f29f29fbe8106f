// Clients of other authors take the emulated BMC for a real one.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../system-clock.ts";
import { SimulatedChassis } from "../chassis.ts";
import { type IpmiServer, openIpmiServer } from "./server.ts";

const run = promisify(execFile);

let chassis: SimulatedChassis;
let server: IpmiServer;
beforeEach(async () => {
  chassis = new SimulatedChassis({ clock: systemClock });
  server = await openIpmiServer({ chassis, randomBytes });
});
afterEach(() => server[Symbol.asyncDispose]());

const target = () => ["-H", "127.0.0.1", "-p", String(server.port), "-U", "admin", "-P", "secret"];
const timeout = 25_000;

describe.each(["17", "3"])("ipmitool with cipher suite %s", (suite) => {
  const ipmitool = async (...args: readonly string[]) =>
    (await run("ipmitool", ["-I", "lanplus", "-C", suite, ...target(), ...args], { timeout })).stdout;

  test("works the power", async () => {
    for (const [args, powered] of [
      ["on", true],
      ["reset", true],
      ["cycle", true],
      ["soft", false],
      ["on", true],
      ["off", false],
    ] as const) {
      await ipmitool("power", args);
      expect(chassis.powered, args).toBe(powered);
    }
    expect(await ipmitool("power", "status")).toContain("off");
  });

  test("sets the boot device, with UEFI and for ever", async () => {
    await ipmitool("chassis", "bootdev", "pxe", "options=efiboot,persistent");
    expect(chassis.bootOverride).toEqual({ device: "pxe", lasting: "persistent", firmware: "uefi" });
    expect(await ipmitool("chassis", "bootparam", "get", "5")).toMatch(
      /all future boots[\s\S]*EFI boot[\s\S]*Force PXE/,
    );
  });

  test("reads sensors, log, inventory, users and network settings", async () => {
    chassis.log({ sensor: "CPU Temp", message: "hot", grade: "critical" });
    expect(await ipmitool("sdr")).toMatch(/12V\s+\| 12.06 Volts/);
    expect(await ipmitool("sel", "elist")).toMatch(/CPU Temp \| Upper Critical going high \| Asserted/);
    expect(await ipmitool("fru")).toMatch(/Product Serial\s+: SIM000000/);
    expect(await ipmitool("lan", "print", "1")).toMatch(/IP Address\s+: 192.0.2.10/);
    expect(await ipmitool("mc", "guid")).toContain(chassis.furniture.identity.uuid);
    await ipmitool("sel", "clear");
    expect(chassis.furniture.events).toEqual([]);
  });

  test("makes a user", async () => {
    await ipmitool("user", "set", "name", "5", "eve");
    await ipmitool("user", "set", "password", "5", "longer-than-sixteen", "20");
    await ipmitool("user", "priv", "5", "3", "1");
    await ipmitool("user", "enable", "5");
    expect(chassis.furniture.users[4]).toEqual({
      name: "eve",
      password: "longer-than-sixteen",
      privilege: "operator",
      enabled: true,
    });
    expect(await ipmitool("user", "list", "1")).toMatch(/5\s+eve .*OPERATOR/);
  });

  test("talks over the serial console", async () => {
    // ipmitool wants a terminal; `script` is one. The console echoes, and ~. leaves it.
    const command = ["ipmitool", "-I", "lanplus", "-C", suite, ...target(), "sol", "activate"].join(" ");
    const child = run("script", ["-qfc", command, "/dev/null"], { timeout });
    let shown = "";
    child.child.stdout!.on("data", (text: string) => (shown += text));
    await expect.poll(() => shown, { timeout }).toContain("SOL Session operational");
    child.child.stdin!.write("echo, please\r");
    await expect.poll(() => shown, { timeout }).toContain("echo, please");
    child.child.stdin!.write("\r~.");
    await expect.poll(() => shown, { timeout }).toContain("terminated ipmitool");
    await child;
  });
});

describe.each(["17", "3"])("FreeIPMI with cipher suite %s", (suite) => {
  const freeipmi = async (tool: string, ...args: readonly string[]) =>
    (
      await run(
        tool,
        [
          "-D",
          "LAN_2_0",
          "-h",
          `127.0.0.1:${server.port}`,
          "-u",
          "admin",
          "-p",
          "secret",
          "-l",
          "ADMIN",
          "-I",
          suite,
          ...args,
        ],
        { timeout },
      )
    ).stdout;

  test("works the power, reads sensors, log and inventory", async () => {
    chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" });
    await freeipmi("ipmipower", "--on", "--wait-until-on");
    expect(chassis.powered).toBe(true);
    expect(await freeipmi("ipmi-sensors", "--sdr-cache-recreate", "-Q")).toMatch(/12V\s+\|.*12.06/);
    expect(await freeipmi("ipmi-sel", "--sdr-cache-recreate", "-Q")).toContain("CPU Temp");
    expect(await freeipmi("ipmi-fru")).toContain("SIM000000");
    expect(await freeipmi("bmc-info")).toContain(chassis.furniture.identity.uuid);
  });
});

test("pyghmi powers it on, sets its boot device and reads it", async () => {
  chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" });
  const program = `
from pyghmi.ipmi import command
bmc = command.Command(bmc="127.0.0.1", port=${server.port}, userid="admin", password="secret")
bmc.set_power("on", wait=10)
bmc.set_bootdev("network", persist=True, uefiboot=True)
print(bmc.get_power()["powerstate"], bmc.get_bootdev())
print([sensor.value for sensor in bmc.get_sensor_data()])
print([event["component"] for event in bmc.get_event_log()])
`;
  const { stdout } = await run("/usr/bin/python3", ["-c", program], { timeout });
  expect(stdout).toContain("on {'bootdev': 'network', 'persistent': True, 'uefimode': True}");
  expect(stdout).toContain("[41.0, 23.0, 12.06, 5400.0, None, 184.0]");
  expect(stdout).toContain("['CPU Temp']");
  expect(chassis.bootOverride).toEqual({ device: "pxe", lasting: "persistent", firmware: "uefi" });
});
