// What `npm start -- --interface eth1` starts, on a cable to a machine that nobody knows: it is booted, discovered, and
// left alone.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { Child } from "./framework/child.ts";
import { guestArguments } from "./framework/guest-arguments.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { openNetwork } from "./framework/network.ts";
import { openRunDirectory } from "./framework/run-directory.ts";
import { Transcript } from "./framework/transcript.ts";

beforeAll(() => operatingSystem());

test("ingot serve on one interface boots and discovers what is behind it", async () => {
  const directory = openRunDirectory(project, "interface");
  using network = openNetwork();
  network.plugIn("10.9.0.1/24", "eth1");
  await using around = new AsyncDisposableStack();
  const log = directory.file("serve.log");
  const serve = [
    ...["serve", "--state-dir", directory.file("state"), "--image", join(project, "out/image")],
    ...[
      "--interface",
      "eth1",
      "--dhcp",
      "10.9.0.100-10.9.0.150",
      ...guestArguments.flatMap((argument) => ["--argument", argument]),
    ],
  ];
  around.use(
    new Child("ingot serve", process.execPath, [join(project, "provisioner/main.ts"), ...serve], log),
  );
  const said = new Transcript("ingot serve", log);
  await said.waitFor(/ingot: ready/, { within: "processStart" });
  const machine = around.use(
    new Machine(
      {
        ...{ name: "stranger", firmware: "bios" },
        disks: [{ bus: "nvme", megabytes: 64 }],
        nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:09:01" }],
      },
      network,
      directory,
    ),
  );
  await machine.powerOn({ order: ["network"] });
  await machine.console.waitFor(/ingot: boot sequence done/, { within: "operatingSystem" });
  await said.waitFor(/is told: kernel \(waiting to be accepted\)/, { within: "operatingSystem" });
  expect(await said.text()).not.toMatch(/wip/);
});
