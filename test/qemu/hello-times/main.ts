// `hello-times RESULT-FILE [ROUNDS]`: from the kernel's start to the agent's hello, phase by phase, the best of some
// rounds. Runs inside namespaces (hello.bench.ts).
import { writeFileSync } from "node:fs";
import { openAgentSite } from "../framework/agent-site.ts";
import { operatingSystem, project } from "../framework/image.ts";
import { Machine } from "../framework/machine.ts";
import { openRunDirectory } from "../framework/run-directory.ts";
import { helloPhases } from "./phases.ts";

const [resultFile = "", rounds = "3"] = process.argv.slice(2);
const image = await operatingSystem();
using site = await openAgentSite(image);
let best: ReturnType<typeof helloPhases> | undefined;
for (let round = 0; round < Number(rounds); round++) {
  await using around = new AsyncDisposableStack();
  const provisioner = await site.practice();
  const args = site.argumentsFor(provisioner.port);
  around.use(await site.startPxe(args));
  const machine = around.use(
    new Machine(
      {
        name: "hello",
        firmware: "bios",
        disks: [
          { bus: "nvme", megabytes: 64 },
          { bus: "sata", megabytes: 64 },
        ],
        nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:08:01" }],
      },
      site.network,
      openRunDirectory(project, `hello ${round}`),
    ),
  );
  await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: args.join(" ") });
  await provisioner.attached();
  await machine.console.waitFor(/MB of memory in use/, { within: "operatingSystem" });
  const times = helloPhases(await machine.console.text());
  const parts = times.phases.map(({ name, seconds }) => `${name} ${seconds.toFixed(2)}`);
  console.log(`hello after ${times.helloS.toFixed(1)} s, ${times.megabytes} MB: ${parts.join(", ")}`);
  // While the machine can still hang up: of a peer without power a server learns nothing.
  await provisioner[Symbol.asyncDispose]();
  if (!best || times.helloS < best.helloS) best = times;
}

writeFileSync(resultFile, JSON.stringify(best));
// A connection to a machine that lost its power stays open for as long as TCP believes in it.
process.exit();
