// A machine in agent mode: our image over our PXE, an AgentService of the test's, real disks behind it.
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Inventory } from "../../api/gen/ingot/agent/v1/inventory_pb.js";
import type { OrderReport } from "../../api/gen/ingot/agent/v1/orders_pb.js";
import {
  type DiskResult,
  DiskProgress_Step as Step,
  WipeMethod,
} from "../../api/gen/ingot/agent/v1/wipe_pb.js";
import type { AttachedMachine } from "../../os/agent/practice-provisioner.ts";
import type { Image } from "../../os/image/build.ts";
import { type AgentSite, openAgentSite } from "./framework/agent-site.ts";
import type { DiskDescription, MachineDescription } from "./framework/description.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const mac = "52:54:00:00:06:01";

let image: Image;
let site: AgentSite;

beforeAll(async () => {
  image = await operatingSystem();
  site = await openAgentSite(image);
});
afterAll(() => site[Symbol.dispose]());

const MiB = 1024 * 1024;

interface LabDisk extends DiskDescription {
  readonly method: WipeMethod;
  /** Magic bytes that the disk bears, by offset. */
  readonly bears?: Readonly<Record<number, Buffer>>;
}

/** RAID metadata 1.2, and an LVM label where the RAID's data begins. */
const raidAndLvm = { 4096: Buffer.from("fc4e2ba9", "hex"), 536: Buffer.from("LVM2 001") };

/** One GPT partition from 1 MiB on, with VMFS where VMware writes it: 1 MiB into it. */
function vmfsInPartition(): Record<number, Buffer> {
  const entries = Buffer.alloc(128 * 128);
  Buffer.from("2ae031aa0f40db119590000c2911d1b8", "hex").copy(entries, 0);
  entries.fill(7, 16, 32);
  entries.writeBigUInt64LE(2048n, 32);
  entries.writeBigUInt64LE(100_000n, 40);
  const lastSector = (64 * MiB) / 512 - 1;
  const header = Buffer.alloc(512);
  header.write("EFI PART", 0, "latin1");
  header.writeUInt32LE(0x00010000, 8);
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(BigInt(lastSector), 32);
  header.writeBigUInt64LE(34n, 40);
  header.writeBigUInt64LE(BigInt(lastSector - 33), 48);
  header.fill(9, 56, 72);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(128, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(entries), 88);
  header.writeUInt32LE(crc32(header.subarray(0, 92)), 16);
  const mbr = Buffer.alloc(512);
  mbr.set([0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0xff, 1, 0], 446);
  mbr.writeUInt16BE(0x55aa, 510);
  return { 0: mbr, 512: header, 1024: entries, [2 * MiB]: Buffer.from("0dd001c0", "hex") };
}

const disks: readonly LabDisk[] = [
  { bus: "virtio", megabytes: 64, method: WipeMethod.ZERO },
  { bus: "nvme", megabytes: 64, method: WipeMethod.NVME_FORMAT },
  { bus: "sata", megabytes: 64, method: WipeMethod.OVERWRITE, writeBytesPerSecond: 6 * MiB },
  { bus: "scsi", megabytes: 64, method: WipeMethod.ZERO },
  { bus: "virtio", megabytes: 64, method: WipeMethod.ZERO, faults: [{ on: "write" }] },
  { bus: "scsi", megabytes: 64, method: WipeMethod.ZERO, bears: raidAndLvm },
  { bus: "sata", megabytes: 64, method: WipeMethod.ZERO, bears: vmfsInPartition() },
  { bus: "sata", megabytes: 64, method: WipeMethod.DISCARD },
];

const bad = 4;
const shared = 6;
const slow = 2;

/** Every disk full of somebody's data. */
function fill(files: readonly string[]): void {
  const piece = Buffer.alloc(MiB, "somebody's secret ");
  files.forEach((file, nth) => {
    const fd = openSync(file, "r+");
    try {
      for (let at = 0; at < disks[nth]!.megabytes; at++) writeSync(fd, piece, 0, MiB, at * MiB);
      for (const [offset, bytes] of Object.entries(disks[nth]!.bears ?? {}))
        writeSync(fd, bytes, 0, bytes.length, Number(offset));
    } finally {
      closeSync(fd);
    }
  });
}

const isBlank = (file: string) => readFileSync(file).every((byte) => byte === 0);

const description: MachineDescription = {
  name: "agent",
  firmware: "bios",
  disks,
  nics: [{ model: "virtio-net-pci", mac }],
};

/** Awaits the newest report that fits. */
const report = (machine: AttachedMachine, id: string, fits: (report: OrderReport) => boolean) =>
  machine.next("order", (it) => it.id === id && fits(it));

describe("a machine in agent mode", () => {
  test("shows what it is, and wipes what it may, though the provisioner is killed meanwhile", async () => {
    await using around = new AsyncDisposableStack();
    const directory = openRunDirectory(project, "agent wipes");
    const first = around.use(await site.practice());
    around.use(await site.startPxe(site.argumentsFor(first.port)));
    const machine = around.use(new Machine(description, site.network, directory));
    fill(machine.diskFiles);
    await machine.powerOn({ order: ["network"] });

    const session = await first.attached();
    const { hello } = session;
    expect(hello).toMatchObject({ bootId: "b00t", identity: { uuid: machine.uuid, macs: [mac] } });
    const { seconds, nanos } = hello.uptime!;
    process.stdout.write(`kernel start to agent hello: ${(Number(seconds) + nanos / 1e9).toFixed(1)} s
`);
    const [line] = await machine.console.waitFor(/with \d+ MB of memory in use/, {
      within: "operatingSystem",
    });
    process.stdout.write(`PID 1: ${line}\n`);

    const inventory = await session.next("inventory");
    checkInventory(inventory, machine);
    const ids = disks.map((_, nth) => inventory.disks.find(({ serial }) => serial === `LAB${nth}`)!.id);

    const order = {
      case: "order",
      value: {
        id: "wipe-1",
        kernelBootId: hello.kernelBootId,
        why: "never wiped",
        what: {
          case: "wipe",
          value: {
            wipeId: 1n,
            disks: disks.map(({ method }, nth) => ({
              disk: ids[nth]!,
              expectedSerial: `LAB${nth}`,
              methods: [method],
              verifySamples: 32,
            })),
          },
        },
      },
    } as const;
    session.say(order);
    await report(session, "wipe-1", ({ state }) => {
      const it = state.case === "running" ? state.value.progress : undefined;
      return (
        it?.case === "wipe" &&
        it.value.disks[slow]!.step === Step.ERASING &&
        it.value.disks[slow]!.doneBytes > 0n
      );
    });
    const { port } = first;
    await first[Symbol.asyncDispose]();
    const killedAt = Date.now();

    const second = around.use(await site.practice(port));
    const again = await second.attached();
    expect(second.enrolments).toEqual([]);
    expect(again.hello.orders).toMatchObject([{ id: "wipe-1", state: { case: "running" } }]);
    // A provisioner that does not know whether its order arrived says it again.
    again.say(order);
    const { state } = await report(again, "wipe-1", (it) => it.state.case !== "running");
    if (state.case !== "failed" || state.value.result.case !== "wipe") throw new Error(`it ${state.case}`);
    const results = state.value.result.value.disks;
    checkResults(results, machine.diskFiles);
    for (const sentence of [
      /\(serial LAB4\) is not wiped: .*EIO/,
      /\(serial LAB6\) is not wiped: it bears vmfs/,
    ])
      await machine.console.waitFor(sentence, { within: "operatingSystem" });
    for (const { started } of results) expect(Number(started!.seconds) * 1000).toBeLessThan(killedAt);

    const after = await again.next("inventory", (it) =>
      it.disks.some(({ serial, signatures }) => serial === "LAB5" && signatures.length === 0),
    );
    expect(after.disks.find(({ serial }) => serial === "LAB6")!.signatures).toContain("VMFS");
    await machine.screenshot("status");
    const screen = await machine.screenText(image.kernel);
    expect(screen).toMatch(/Mode +agent/);
    expect(screen).toContain(machine.uuid);
    expect(screen).toMatch(/Address +10\.1\.0\.1\d\d\/24/);
    expect(screen).toMatch(/Waiting for +the provisioner knows this machine as m1: waiting to be\s+accepted/);
    expect(screen).toMatch(
      /Last problems[^]*\(serial LAB4\) is not wiped[^]*The session with the provisioner is over/,
    );
    again.say({ case: "settle", value: { id: "wipe-1" } });
    again.say({
      case: "order",
      value: { id: "off-1", kernelBootId: hello.kernelBootId, what: { case: "powerOff", value: {} } },
    });
    await report(again, "off-1", (it) => it.state.case === "succeeded");
    again.say({ case: "settle", value: { id: "off-1" } });
    expect(await machine.waitForPowerOff()).toBe("guest-shutdown");
  });

  function checkInventory(inventory: Inventory, machine: Machine): void {
    expect(inventory.gaps).toEqual([]);
    expect(inventory.system).toMatchObject({
      manufacturer: "Ingot",
      product: "Lab machine",
      uuid: machine.uuid,
    });
    expect(inventory.firmware).toMatchObject({ mode: 1, vendor: "SeaBIOS" });
    expect(inventory.processors.length).toBeGreaterThan(0);
    expect(inventory.memory.map(({ sizeBytes }) => sizeBytes)).toEqual([1024n * 1024n * 1024n]);
    expect(inventory.networkInterfaces).toMatchObject([
      { permanentMac: mac, driver: "virtio_net", carrier: true },
    ]);
    expect(inventory.pciDevices.some(({ vendor }) => vendor === "Red Hat, Inc.")).toBe(true);
    const of = (nth: number) => inventory.disks.find(({ serial }) => serial === `LAB${nth}`)!;
    expect(inventory.disks.map(({ serial }) => serial).sort()).toEqual(disks.map((_, nth) => `LAB${nth}`));
    for (const [nth, { bus, megabytes }] of disks.entries())
      expect(of(nth)).toMatchObject({ transport: bus, sizeBytes: BigInt(megabytes * MiB) });
    expect(of(5).signatures).toEqual(expect.arrayContaining(["linux_raid_member", "LVM2_member"]));
    expect(of(shared).signatures).toEqual(expect.arrayContaining(["gpt", "VMFS"]));
    expect([of(1).healthy, of(2).healthy]).toEqual([true, true]);
  }

  function checkResults(results: readonly DiskResult[], files: readonly string[]): void {
    const failures = results.map(({ failure }) => failure ?? "");
    expect(failures[bad]).toMatch(/EIO/);
    expect(failures[shared]).toMatch(/vmfs, which other machines may use/);
    for (const nth of disks.keys()) {
      if (nth === bad || nth === shared) continue;
      expect(failures[nth]).toBe("");
      expect(results[nth]).toMatchObject({
        method: disks[nth]!.method,
        serial: `LAB${nth}`,
        verification: { samples: 32, mismatches: 0 },
      });
      expect(isBlank(files[nth]!), `disk ${nth} is blank`).toBe(true);
    }
    expect(readFileSync(files[shared]!).includes("somebody's secret")).toBe(true);
    expect(readFileSync(files[shared]!).readUInt32BE(2 * MiB)).toBe(0x0dd001c0);
  }
});
