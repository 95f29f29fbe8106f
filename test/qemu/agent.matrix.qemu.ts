// Agent mode on the hardware there is: firmware, network cards, disks, bonds; the images for real servers too.
import { join } from "node:path";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WipeMethod } from "../../api/gen/ingot/agent/v1/wipe_pb.js";
import { type BuildOptions, buildImage, type Image } from "../../os/image/build.ts";
import type { Profile } from "../../os/image/contents.ts";
import { type AgentSite, openAgentSite } from "./framework/agent-site.ts";
import { announceSwitch } from "./framework/announce-switch.ts";
import type { MachineDescription } from "./framework/description.ts";
import { guestArguments } from "./framework/guest-arguments.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const macOf = (nth: number) => `52:54:00:00:07:0${nth}`;
const cards = (...models: readonly ("virtio-net-pci" | "e1000e")[]) =>
  models.map((model, nth) => ({ model, mac: macOf(nth) }));

let site: AgentSite;
let image: Image;
beforeAll(async () => {
  image = await operatingSystem();
  site = await openAgentSite(image);
});
afterAll(() => site[Symbol.dispose]());

interface Boot {
  readonly machine: Partial<MachineDescription>;
  readonly image?: Image;
  readonly arguments?: readonly string[];
}

/** Boots a machine up to its first inventory. */
async function inventoryOf(
  name: string,
  { machine: described, image: other = image, arguments: more = [] }: Boot,
) {
  const around = new AsyncDisposableStack();
  const provisioner = around.use(await site.practice());
  const args = [...site.argumentsFor(provisioner.port), ...more];
  around.use(await site.startPxe(args));
  const machine = around.use(
    new Machine(
      { name: "matrix", firmware: "bios", nics: cards("virtio-net-pci"), ...described },
      site.network,
      openRunDirectory(project, `agent matrix ${name}`),
    ),
  );
  await machine.powerOn({ kernel: other.kernel, initramfs: other.initramfs, arguments: args.join(" ") });
  const session = await provisioner.attached();
  return { around, session, machine, inventory: await session.next("inventory") };
}

function imageOf(
  name: string,
  wish: Pick<BuildOptions, "profile" | "extensions" | "machineConfig">,
): Promise<Image> {
  return buildImage({
    ...{ project, ...wish, offline: true, progress: () => {} },
    out: join(project, `out/image-${name}`),
    cache: join(project, "out/cache"),
    signal: new AbortController().signal,
  });
}

test("an image that brings a machine config leads the life that it asks for", async () => {
  const machineConfig = "apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: rack-7\n";
  const { kernel, initramfs, kernelArguments } = await imageOf("with-config", {
    profile: "virt",
    machineConfig,
  });
  const directory = openRunDirectory(project, "image with config");
  await using machine = new Machine({ name: "config", firmware: "bios" }, site.network, directory);
  await machine.powerOn({ kernel, initramfs, arguments: [...kernelArguments, ...guestArguments].join(" ") });
  const life = /life: run, because there is a machine config, from the image/;
  await machine.console.waitFor(life, { within: "operatingSystem" });
  await machine.console.waitFor(/boot sequence done/, { within: "operatingSystem" });
});

describe("agent mode", () => {
  test.each<[string, Partial<MachineDescription>]>([
    [
      "UEFI with an e1000e card and NVMe",
      { firmware: "uefi", nics: cards("e1000e"), disks: [{ bus: "nvme", megabytes: 64 }] },
    ],
    [
      "four cards of two kinds and every kind of disk",
      {
        nics: cards("virtio-net-pci", "e1000e", "virtio-net-pci", "e1000e"),
        disks: (["virtio", "nvme", "sata", "scsi"] as const).map((bus) => ({ bus, megabytes: 64 })),
      },
    ],
    ["one processor", { cpus: 1 }],
  ])("works with %s", async (name, machine) => {
    const { around, inventory } = await inventoryOf(name, { machine });
    await using _ = around;
    const { nics = cards("virtio-net-pci"), disks = [] } = machine;
    expect(inventory.gaps).toEqual([]);
    expect(inventory.firmware!.mode).toBe(machine.firmware === "uefi" ? 2 : 1);
    expect(inventory.networkInterfaces.map(({ permanentMac }) => permanentMac).sort()).toEqual(
      nics.map(({ mac }) => mac),
    );
    expect(inventory.disks.map(({ transport }) => transport).sort()).toEqual(
      disks.map(({ bus }) => bus).sort(),
    );
  });

  test("reaches its provisioner over a bond of two ports", async () => {
    const bond = "bond=bond0:eth0,eth1:mode=active-backup,miimon=100 ip=bond0:dhcp";
    const { around, inventory, machine } = await inventoryOf("bond", {
      machine: { nics: cards("virtio-net-pci", "virtio-net-pci") },
      arguments: bond.split(" "),
    });
    await using _ = around;
    expect(inventory.networkInterfaces.map(({ permanentMac }) => permanentMac).sort()).toEqual([
      macOf(0),
      macOf(1),
    ]);
    expect(await machine.console.text()).toMatch(/bond0: bound to 10\.1\.0\./);
  });

  test("knows the switch and the port at the other end of its cable", async () => {
    const { around, session } = await inventoryOf("neighbour", { machine: {} });
    await using _ = around;
    around.use(announceSwitch({ name: "leaf-7", port: "swp12" }));
    const heard = await session.next(
      "inventory",
      ({ networkInterfaces: [card] }) => card!.neighbour !== undefined,
    );
    expect(heard.networkInterfaces[0]!.neighbour).toMatchObject({ systemName: "leaf-7", portId: "swp12" });
  });

  test("gives up a disk that hangs, and wipes the one beside it", async () => {
    const { around, session, machine, inventory } = await inventoryOf("hanging disk", {
      machine: {
        disks: [
          // One byte a second: its first write comes back after years.
          { bus: "virtio", megabytes: 64, writeBytesPerSecond: 1 },
          { bus: "nvme", megabytes: 64 },
        ],
      },
    });
    await using _ = around;
    const disks = ["LAB0", "LAB1"].map((serial) => ({
      disk: inventory.disks.find((it) => it.serial === serial)!.id,
      expectedSerial: serial,
      methods: [WipeMethod.OVERWRITE],
      verifySamples: 8,
    }));
    const { kernelBootId } = session.hello;
    session.say({
      case: "order",
      value: {
        ...{ id: "wipe-1", kernelBootId, deadline: durationFromMs(20_000) },
        what: { case: "wipe", value: { wipeId: 1n, disks } },
      },
    });
    const { state } = await session.next("order", ({ state }) => state.case === "failed");
    if (state.case !== "failed" || state.value.result.case !== "wipe") throw new Error(`it ${state.case}`);
    const [hanging, good] = state.value.result.value.disks;
    expect(hanging!.failure).toMatch(/it hangs/);
    const said = /disk \/dev\/vda \(serial LAB0\) is not wiped: .*it hangs/;
    await machine.console.waitFor(said, { within: "operatingSystem" });
    expect(good).toMatchObject({ method: WipeMethod.OVERWRITE, verification: { mismatches: 0 } });
  });

  test.each<[string, Profile, readonly string[]]>([
    ["the image for real servers", "metal", []],
    ["the image with the container runtime", "virt", ["containers"]],
  ])("works with %s", async (name, profile, extensions) => {
    const other = await imageOf(extensions[0] ?? profile, { profile, extensions });
    const { around, inventory, machine } = await inventoryOf(name, {
      machine: { nics: cards("e1000e"), disks: [{ bus: "nvme", megabytes: 64 }], memoryMegabytes: 1024 },
      image: other,
    });
    await using _ = around;
    expect(inventory.gaps).toEqual([]);
    expect(inventory.disks.map(({ transport }) => transport)).toEqual(["nvme"]);
    expect(await machine.console.text()).not.toMatch(/compiled code does not fit|fatal/);
  });
});
