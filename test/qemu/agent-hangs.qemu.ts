import { expect, test } from "vitest";
import { openAgentSite } from "./framework/agent-site.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { withOtherProgram } from "./framework/other-program.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

test("an agent that hangs is reset by the hardware's watchdog, and comes back", async () => {
  await using around = new AsyncDisposableStack();
  const image = await operatingSystem();
  const site = around.use(await openAgentSite(image));
  const directory = openRunDirectory(project, "agent hangs");
  const provisioner = around.use(await site.practice());
  const args = site.argumentsFor(provisioner.port).join(" ");
  around.use(await site.startPxe(site.argumentsFor(provisioner.port)));
  const initramfs = await withOtherProgram(image.initramfs, "test/qemu/hanging-program.ts", directory);
  const machine = around.use(
    new Machine(
      {
        ...{ name: "hangs", firmware: "bios", watchdog: true },
        nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:06:03" }],
      },
      site.network,
      directory,
    ),
  );
  await machine.powerOn({ kernel: image.kernel, initramfs, arguments: args });
  const before = await provisioner.attached();
  await machine.console.waitFor(/hardware watchdog started/, { within: "operatingSystem" });
  await machine.pressCtrlAltDel();
  expect(await machine.waitForWatchdog()).toBe("guest-reset");

  await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: args });
  const after = await provisioner.attached();
  expect(after.hello.identity!.uuid).toBe(before.hello.identity!.uuid);
  expect(after.hello.kernelBootId).not.toBe(before.hello.kernelBootId);
});
