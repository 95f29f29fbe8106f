// The life of an installed machine: upgraded, brought back by itself from images that are broken, rolled back.
import { beforeAll, describe, expect, test } from "vitest";
import { generateConfigs } from "../../machine-config/generate/configs.ts";
import { createSecrets } from "../../machine-config/generate/secrets.ts";
import { startPracticeRegistry } from "../../os/install/registry/practice-registry.ts";
import { openBootSite, siteAddress } from "./framework/boot-site.ts";
import { type FileServer, startFileServer } from "./framework/file-server.ts";
import { project } from "./framework/image.ts";
import { endsAtOnce, type ImageShelf, openImageShelf, programAfter } from "./framework/image-shelf.ts";
import { Machine } from "./framework/machine.ts";
import { NodeUnderTest } from "./framework/node-under-test.ts";
import { openRunDirectory } from "./framework/run-directory.ts";
import { startTimeServer } from "./framework/time-server.ts";

const address = "10.1.0.77";
const clock = { now: () => new Date() };

let shelf: ImageShelf;
let secrets: Awaited<ReturnType<typeof createSecrets>>;
let config: string;
beforeAll(async () => {
  shelf = await openImageShelf(openRunDirectory(project, "upgrade images").path);
  shelf.add("next", { kernelArguments: ["ingot.generation=2"] });
  shelf.add("foreign", { signedBy: "a stranger" });
  shelf.add("panics", { entries: [endsAtOnce] });
  // When its boot is nearly done: PID 1 has the watchdog by then.
  const hang = `setInterval(() => { if (require("node:fs").readFileSync("/proc/mounts", "utf8").includes(" /var ")) for (;;); }, 50);`;
  shelf.add("hangs", { entries: [await programAfter(hang)] });
  const occupy = `require("node:net").createServer().listen(50000, "::");`;
  shelf.add("unready", {
    entries: [await programAfter(occupy)],
    kernelArguments: ["ingot.trial=45"],
  });
  secrets = await createSecrets({ clock });
  const plan = { clusterName: "lab", endpoint: `https://${address}:6443`, secrets, clock };
  config = (await generateConfigs({ ...plan, installDisk: "/dev/nvme0n1" })).controlPlane.text;
});

describe.each(["bios", "uefi"] as const)("an installed machine with %s", (firmware) => {
  test("is upgraded, survives broken images, is rolled back, and reset", { timeout: 1_500_000 }, async () => {
    await using around = new AsyncDisposableStack();
    const directory = openRunDirectory(project, `upgrade ${firmware}`);
    const files: FileServer = around.use(
      await startFileServer((path) =>
        path === "/config" ? { text: `${config}---\n${mirror()}` } : shelf.serve(path),
      ),
    );
    const registry = around.use(
      await startPracticeRegistry({
        ...{ repository: "owner/ingot", files: shelf.filesOf("works"), listen: "0.0.0.0" },
        credentials: { username: "node", password: "secret" },
      }),
    );
    const mirror = () => registryConfig(`http://${siteAddress}:${registry.port}`);
    const kernelArguments = [
      ...[`talos.config=${files.url}config`, `ingot.image=${files.url}works`],
      `ip=${address}::${siteAddress}:255.255.255.0:node-1:eth0:off:::${siteAddress}`,
    ];
    const site = around.use(await openBootSite("full", { directory, image: shelf.image, kernelArguments }));
    around.use(await startTimeServer(siteAddress));
    const machine = around.use(
      new Machine(
        {
          ...{ name: "node", firmware, memoryMegabytes: 1024, watchdog: true },
          disks: [{ bus: "nvme", megabytes: 3072 }],
          nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:08:01" }],
        },
        site.network,
        directory,
      ),
    );
    const node = new NodeUnderTest(machine, `${address}:50000`, secrets);

    await machine.powerOn({ order: ["disk", "network"], restarts: "by itself" });
    await node.until(/ingot: install: done/, 0);
    // Its API is there while it is installed, too.
    let since = await node.mark();
    await node.runsFrom("a", since);

    for (const [image, reason] of [
      ["foreign", /not signed by our release key/],
      ["nowhere", /the server says 404/],
    ] as const)
      await expect(node.upgrade(`${files.url}${image}`)).rejects.toThrow(reason);

    since = await node.mark();
    await node.upgrade(`${files.url}next`);
    await node.runsFrom("b", since);
    await node.until(/ingot: slot b has proved itself/, since);
    expect(await node.lastUpgrade()).toMatchObject({ phase: "done", slot: "b" });
    expect((await machine.console.text()).slice(since)).toMatch(/ommand line: .*ingot\.generation=2/);

    for (const [image, reason] of [
      ["panics", /^nothing was heard of it: its kernel or its first process ended in a panic/],
      ["hangs", /^it hung after it had reached ".*": the watchdog reset the machine/],
      ["unready", /^it was not ready within 45 s/],
    ] as const) {
      since = await node.mark();
      await node.upgrade(`${files.url}${image}`);
      await node.until(/ingot: restart/, since);
      await node.until(/ingot: The upgrade to \S+ was given up, and slot b runs again/, since);
      await node.runsFrom("b", since);
      const last = await node.lastUpgrade();
      expect(last, image).toMatchObject({ phase: "failed", slot: "a", image: `${files.url}${image}` });
      expect(last?.reason).toMatch(reason);
    }

    // What is there now is the last of the broken ones: a good one first, from a registry and at the next boot.
    since = await node.mark();
    await node.upgrade("images.example/owner/ingot:v2", { stage: true });
    await node.until(/ingot: upgrade: images.example\/owner\/ingot:v2 was staged/, since);
    await node.runsFrom("a", since);
    await node.until(/ingot: slot a has proved itself/, since);
    since = await node.mark();
    await node.rollback();
    await node.runsFrom("b", since);
    expect(await node.lastUpgrade()).toBeUndefined();

    // The installer takes no disk that holds anything: it is empty, then.
    since = await node.mark();
    expect(await node.reset()).toEqual(
      expect.arrayContaining(["unmountVolumes", "reset STATE", "reset META", "resetSystemDisk"]),
    );
    await node.until(/ingot: install: writing the image/, since);
  });
});

const registryConfig = (url: string) => `apiVersion: v1alpha1
kind: RegistryMirrorConfig
name: images.example
endpoints:
  - url: ${url}
skipFallback: true
---
apiVersion: v1alpha1
kind: RegistryAuthConfig
name: images.example
username: node
password: secret
`;
