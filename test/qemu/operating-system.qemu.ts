import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Image } from "../../os/image/build.ts";
import { guestArguments } from "./framework/guest-arguments.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { type Network, openNetwork } from "./framework/network.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

let image: Image;
let network: Network;
beforeAll(async () => {
  image = await operatingSystem();
  network = openNetwork();
});
afterAll(() => network[Symbol.dispose]());

const bootArguments = () => [...image.kernelArguments, ...guestArguments, "panic=1"].join(" ");

describe.each(["bios", "uefi"] as const)("the operating system on %s", (firmware) => {
  const description = { name: `os-${firmware}`, firmware, watchdog: true } as const;

  test("boots, drives the hardware it finds, and pets the watchdog", async () => {
    await using machine = new Machine(
      {
        ...description,
        disks: [
          { bus: "nvme", megabytes: 64 },
          { bus: "sata", megabytes: 64 },
          { bus: "scsi", megabytes: 64 },
          { bus: "virtio", megabytes: 64 },
        ],
        nics: [
          { model: "virtio-net-pci", mac: "52:54:00:00:01:01" },
          { model: "e1000e", mac: "52:54:00:00:01:02" },
        ],
      },
      network,
      openRunDirectory(project, `os boots ${firmware}`),
    );
    await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: bootArguments() });
    await machine.console.waitFor(/ingot: boot sequence done/, { within: "operatingSystem" });
    await machine.console.waitFor(/ingot: hardware watchdog started/, { within: "operatingSystem" });
    for (const port of ["eth0", "eth1"]) {
      const asks = new RegExp(`${port}: looking for a DHCP server`);
      await machine.console.waitFor(asks, { within: "operatingSystem" });
    }
    const said = await machine.console.text();
    expect(said).toMatch(/disk \/dev\/nvme0n1: nvme, 0\.1 GB, QEMU NVMe Ctrl, serial LAB0/);
    expect(said).toMatch(/disk \/dev\/sd[ab]: sata, 0\.1 GB, QEMU HARDDISK, serial LAB1/);
    expect(said).toMatch(/disk \/dev\/sd[ab]: scsi, 0\.1 GB, QEMU HARDDISK, serial LAB2/);
    expect(said).toMatch(/disk \/dev\/vda: virtio, 0\.1 GB, no model, serial LAB3/);
    const shown = /status: maintenance mode, .*no DHCP server has answered on eth0, eth1/;
    await machine.console.waitFor(shown, { within: "operatingSystem" });
    const screen = await machine.screenText(image.kernel);
    expect(screen).toMatch(/^ Ingot$/m);
    expect(screen).toMatch(/^ Mode +maintenance$/m);
    expect(screen).toContain(machine.uuid);
    expect(screen).toMatch(/^ Waiting for +an address: no DHCP server has answered on eth0, eth1$/m);
    expect(said).not.toMatch(/compiled code does not fit/);
    expect(said).not.toMatch(/fatal/);
  });

  test("a restart asked for by Ctrl-Alt-Del is a clean one", async () => {
    await using machine = new Machine(
      description,
      network,
      openRunDirectory(project, `os restarts ${firmware}`),
    );
    await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: bootArguments() });
    await machine.console.waitFor(/ingot: boot sequence done/, { within: "operatingSystem" });
    await machine.pressCtrlAltDel();
    expect(await machine.waitForPowerOff()).toBe("guest-reset");
    expect(await machine.console.text()).toMatch(/ingot: restart/);
  });
});

test("what PID 1 cannot do without is shown with its reason, and the machine restarts by itself", async () => {
  await using machine = new Machine(
    { name: "os-fatal", firmware: "bios" },
    network,
    openRunDirectory(project, "os fatal"),
  );
  // A kernel without a filesystem that belongs to every node.
  const broken = `${bootArguments()} initcall_blacklist=init_devpts_fs`;
  await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: broken });
  const within = { within: "operatingSystem" } as const;
  await machine.console.waitFor(/fatal: .*Cannot mount \/dev\/pts: ENODEV/, within);
  await machine.console.waitFor(/The machine restarts in 10 seconds/, within);
  await machine.console.waitFor(/ingot: restart/, within);
  expect(await machine.waitForPowerOff()).toBe("guest-reset");
});
