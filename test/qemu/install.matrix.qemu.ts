// A machine from its first power-on to a system on its own disk: netbooted, installed as its config says, booted from the
// disk by its own firmware, with the config that it was installed with.
import { basename, dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { generateConfigs } from "../../machine-config/generate/configs.ts";
import { createSecrets } from "../../machine-config/generate/secrets.ts";
import type { Image } from "../../os/image/build.ts";
import { openBootSite } from "./framework/boot-site.ts";
import { startFileServer } from "./framework/file-server.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

let image: Image;
let config: string;
beforeAll(async () => {
  image = await operatingSystem();
  const clock = { now: () => new Date() };
  const secrets = await createSecrets({ clock });
  const plan = {
    clusterName: "lab",
    endpoint: "https://10.1.0.100:6443",
    secrets,
    clock,
    installDisk: "/dev/nvme0n1",
  };
  config = (await generateConfigs(plan)).controlPlane.text;
});

/** What an image builder leaves behind, as any web server would serve it. */
function serve(path: string) {
  if (path === "/config") return { text: config };
  const folder = dirname(image.manifest);
  return path.startsWith("/image/") ? { file: join(folder, basename(path)) } : undefined;
}

describe.each(["bios", "uefi"] as const)("a machine with %s", (firmware) => {
  test("is installed from the network, and comes up from its disk", async () => {
    await using around = new AsyncDisposableStack();
    const directory = openRunDirectory(project, `install ${firmware}`);
    const files = around.use(await startFileServer(serve));
    const kernelArguments = [`talos.config=${files.url}config?uuid=`, `ingot.image=${files.url}image`];
    const site = around.use(await openBootSite("full", { directory, image, kernelArguments }));
    const machine = around.use(
      new Machine(
        {
          ...{ name: "install", firmware, memoryMegabytes: 1024, watchdog: true },
          disks: [{ bus: "nvme", megabytes: 3072 }],
          nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:08:01" }],
        },
        site.network,
        directory,
      ),
    );
    await machine.powerOn({ order: ["network"] });
    const { console } = machine;
    await console.waitFor(/ingot: install: writing the image/, { within: "operatingSystem" });
    expect(files.asked).toContain(`/config?uuid=${machine.uuid}`);
    await console.waitFor(/ingot: install: done/, { within: "operatingSystem" });
    expect(await machine.waitForPowerOff()).toBe("guest-reset");

    const after = (await console.text()).length;
    await machine.powerOn({ order: ["disk"] });
    await console.waitFor(/ingot: the system is on \/dev\/nvme0n1, slot a/, {
      within: "operatingSystem",
      after,
    });
    await console.waitFor(/ingot: the machine config is from STATE/, { within: "operatingSystem", after });
    await console.waitFor(/ingot: volume EPHEMERAL: \/dev\/nvme0n1p8, xfs, at \/var/, {
      ...{ within: "operatingSystem", after },
    });
    await console.waitFor(/ingot: boot sequence done/, { within: "operatingSystem", after });
    expect((await console.text()).slice(after)).not.toMatch(/fatal|is damaged/);
  });
});
