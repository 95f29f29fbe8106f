// Servers whose power is a BMC's: what is done over the network happens to the machine, and the machine's own operating
// system reaches the same BMC from inside.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLanPort } from "../../bmc/ipmi/lan-port.ts";
import { openIpmi } from "../../bmc/ipmi/open.ts";
import { newPassword } from "../../bmc/new-password.ts";
import { systemClock } from "../../bmc/system-clock.ts";
import { bootSector } from "./framework/boot-sector.ts";
import { deadlineMs } from "./framework/deadlines.ts";
import type { MachineDescription } from "./framework/description.ts";
import { guestArguments } from "./framework/guest-arguments.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { type Network, openNetwork } from "./framework/network.ts";
import { withOtherProgram } from "./framework/other-program.ts";
import { openRunDirectory } from "./framework/run-directory.ts";
import { openServer, type Server } from "./framework/server.ts";

const run = promisify(execFile);
const login = { user: "admin", password: "factory" };
const admin = { ...login, ipmiPort: 0 };

let network: Network;
beforeAll(() => {
  network = openNetwork();
  network.plugIn("10.1.0.1/24");
});
afterAll(() => network[Symbol.dispose]());

function ipmiOf({ machine, ipmi }: Server) {
  if (!ipmi) throw new Error(`${machine.name} has no BMC`);
  return ipmi;
}

/** The tool that everybody has, with the suite that is still strong. */
const ipmitool =
  (server: Server, { user, password }: { user: string; password: string } = admin) =>
  async (...args: readonly string[]) => {
    const ipmi = ipmiOf(server);
    const target = ["-H", ipmi.address, "-p", String(ipmi.port), "-U", user, "-P", password];
    return (await run("ipmitool", ["-I", "lanplus", "-C", "17", ...target, ...args])).stdout;
  };

/** Waits for the process, as the BMC's answer only says what it decided. */
async function waitForPower({ machine }: Server, on: boolean): Promise<void> {
  await expect.poll(() => machine.isOn, { timeout: deadlineMs.powerOff, interval: 50 }).toBe(on);
}

describe.each(["bios", "uefi"] as const)("a %s machine with a BMC", (firmware) => {
  test("makes itself an account from inside, by which anybody powers it from outside", async () => {
    const directory = openRunDirectory(project, `bmc account ${firmware}`);
    const image = await operatingSystem();
    const account = { user: "ingot", password: newPassword(randomBytes) };
    const initramfs = await withOtherProgram(image.initramfs, "test/qemu/bmc-account-program.ts", directory);
    await using server = await openServer({
      description: { name: `bmc-${firmware}`, firmware },
      bmc: admin,
      network,
      directory,
      usual: {
        kernel: image.kernel,
        initramfs,
        arguments: `${guestArguments.join(" ")} printk.devkmsg=on panic=1 proof.user=${account.user} proof.password=${account.password}`,
      },
    });
    await ipmitool(server)("power", "on");
    const { machine } = server;
    const [, outcome] = await machine.console.waitFor(/ingot: proof: (\{.*\})/, {
      within: "operatingSystem",
    });
    const { address, mac } = server.chassis.furniture.network;
    expect(JSON.parse(outcome!)).toEqual({
      is: "succeeded",
      result: {
        case: "bmcAccount",
        value: {
          addresses: [address],
          mac,
          lanChannel: 1,
          userId: 3,
          manufacturer: "Ingot",
          firmwareVersion: "2.40",
        },
      },
    });

    const outside = ipmitool(server, account);
    expect(await outside("power", "status")).toContain("on");
    await outside("power", "off");
    await waitForPower(server, false);
    const said = (await machine.console.text()).length;
    await outside("power", "on");
    await waitForPower(server, true);
    // The second time, the account is there: the same one is brought up to date.
    await machine.console.waitFor(/ingot: proof: \{"is":"succeeded".*"userId":3/, {
      within: "operatingSystem",
      after: said,
    });
  });
});

describe("the chassis of a machine", () => {
  const description: MachineDescription = {
    name: "chassis",
    firmware: "bios",
    cpus: 1,
    memoryMegabytes: 64,
    disks: [{ bus: "virtio", megabytes: 1, content: bootSector("booted from the disk") }],
    nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:05:01" }],
  };
  const fromDisk = /booted from the disk/;
  const fromNetwork = /iPXE.*open source network boot|net0: 52:54:00:00:05:01/;
  const open = (name: string) =>
    openServer({
      description,
      bmc: admin,
      network,
      directory: openRunDirectory(project, `bmc ${name}`),
      usual: { order: ["network", "disk"] },
    });

  test("boots as its BMC was told: once, and then as before; or for ever", async () => {
    await using server = await open("boot order");
    const { console } = server.machine;
    const bmc = ipmitool(server);
    let said = 0;
    const next = async (pattern: RegExp) => {
      await console.waitFor(pattern, { within: "firmware", after: said });
      said = (await console.text()).length;
    };

    await bmc("chassis", "bootdev", "disk");
    await bmc("power", "on");
    await next(fromDisk);
    await bmc("power", "reset");
    await next(fromNetwork);
    await bmc("chassis", "bootdev", "disk", "options=persistent");
    await bmc("power", "cycle");
    await next(fromDisk);
    await bmc("power", "reset");
    await next(fromDisk);
    expect((await console.text()).match(new RegExp(fromNetwork, "g"))).not.toBeNull();
  });

  test("has its serial line on the network, both ways, and follows a machine that restarts itself", async () => {
    await using server = await open("console");
    server.chassis.setBootOverride({ device: "disk", lasting: "persistent" });
    await using port = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
    await using bmc = await openIpmi({
      port,
      clock: systemClock,
      randomBytes,
      host: ipmiOf(server).address,
      udpPort: ipmiOf(server).port,
      ...admin,
    });
    const console = await bmc.console.open();
    if ("absent" in console) throw new Error(console.absent);
    const output = console.output[Symbol.asyncIterator]();
    let seen = "";
    const until = async (text: string) => {
      const expiry = AbortSignal.timeout(deadlineMs.firmware);
      const expired = new Promise<never>((_, reject) => {
        expiry.addEventListener("abort", () => reject(new Error(`The console did not say ${text}: ${seen}`)));
      });
      while (!seen.includes(text)) {
        const { value, done } = await Promise.race([output.next(), expired]);
        if (done) throw new Error(`The console closed after: ${seen}`);
        seen += Buffer.from(value).toString("latin1");
      }
      seen = "";
    };

    await bmc.power.press("on");
    await until("booted from the disk");
    await console.write(Buffer.from("hello, "));
    await until("hello");
    // The sector restarts the machine at this letter: the guest itself, not its BMC.
    await console.write(Buffer.from("r"));
    await until("booted from the disk");
    expect(await bmc.power.read()).toBe("on");
    await console[Symbol.asyncDispose]();
  });

  test("is off when it is off: its disk and its order stay, its process does not", async () => {
    await using server = await open("off");
    const bmc = ipmitool(server);
    await bmc("chassis", "bootdev", "disk", "options=persistent");
    await bmc("power", "on");
    await server.machine.console.waitFor(fromDisk, { within: "firmware" });
    const screen = await readFile(await server.machine.screenshot("on"));
    expect(screen.subarray(1, 4).toString("latin1")).toBe("PNG");
    // Nobody answers the button in a boot sector: the hard way remains.
    await bmc("power", "soft");
    expect(await bmc("power", "status")).toContain("on");
    await bmc("power", "off");
    await waitForPower(server, false);
    await expect(server.machine.screenshot("off")).rejects.toThrow("is off");
    const said = (await server.machine.console.text()).length;
    await bmc("power", "on");
    await server.machine.console.waitFor(fromDisk, { within: "firmware", after: said });
  });
});
