// The provisioner and a machine that nobody has seen: from power-on over discovery, acceptance by rule and a wipe to the
// pool, with real firmware, our own network boot and our own system.
import { closeSync, mkdirSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { makeKey, readKeyFile } from "../../cosi/key-ring.ts";
import type { ResourceType, SpecOf } from "../../cosi/resource.ts";
import { SealedStore } from "../../cosi/sealed-store.ts";
import { State } from "../../cosi/state.ts";
import { SqliteStore } from "../../cosi/stores/sqlite/sqlite-store.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { AcceptanceRule } from "../../provisioner/resources/acceptance-rule.ts";
import { allResources } from "../../provisioner/resources/all.ts";
import { Inventory } from "../../provisioner/resources/inventory.ts";
import { MachineStatus } from "../../provisioner/resources/machine-status.ts";
import { WipeCertificate } from "../../provisioner/resources/wipe-certificate.ts";
import { WipeStatus } from "../../provisioner/resources/wipe-status.ts";
import { Child } from "./framework/child.ts";
import { deadlineMs } from "./framework/deadlines.ts";
import { guestArguments } from "./framework/guest-arguments.ts";
import { operatingSystem, project } from "./framework/image.ts";
import { Machine } from "./framework/machine.ts";
import { type Network, openNetwork } from "./framework/network.ts";
import { openRunDirectory } from "./framework/run-directory.ts";

const address = "10.1.0.1";
let network: Network;
beforeAll(async () => {
  await operatingSystem();
  network = openNetwork();
  network.plugIn(`${address}/24`);
});
afterAll(() => network[Symbol.dispose]());

/** The state of a provisioner that runs beside us: SQLite lets several processes in. */
async function openState(folder: string): Promise<State & AsyncDisposable> {
  const keys = await readKeyFile(join(folder, "master.keys"));
  const store = new SqliteStore({ path: join(folder, "state.sqlite"), clock: systemClock });
  const state = new State({
    store: new SealedStore({ store, keys, types: allResources }),
    clock: systemClock,
  });
  return Object.assign(state, { [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() });
}

async function becomes<Type extends ResourceType>(
  state: State,
  type: Type,
  id: string,
  fits: (spec: SpecOf<Type>) => boolean,
): Promise<SpecOf<Type>> {
  const signal = AbortSignal.timeout(deadlineMs.operatingSystem * 2);
  let last: unknown;
  for await (const events of state.watch(type, { id, signal })) {
    for (const event of events) {
      if (event.type === "bootstrapped" || event.type === "destroyed") continue;
      last = event.resource.spec;
      if (fits(event.resource.spec)) return event.resource.spec;
    }
  }
  throw new Error(`${type.type} ${id} did not become what it should: ${JSON.stringify(last)}`);
}

test("a new machine is discovered, accepted by a rule, wiped, and in the pool", async () => {
  const run = openRunDirectory(project, "provision");
  const folder = run.file("state");
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, "master.keys"), `${makeKey()}\n`, { mode: 0o600 });
  await using state = await openState(folder);
  await state.create(AcceptanceRule, "lab", {
    spec: {
      order: 1,
      verdict: "accept",
      when: [{ field: "system.manufacturer", is: "like", pattern: "Ingot*" }],
    },
  });

  const segments = run.file("segments.yaml");
  const dhcp = { mode: "full", subnets: [{ subnet: "10.1.0.0/24", pool: ["10.1.0.100", "10.1.0.150"] }] };
  writeFileSync(segments, stringify({ segments: [{ interface: "eth0", address, dhcp }] }));
  await using around = new AsyncDisposableStack();
  around.use(
    new Child(
      "ingot serve",
      process.execPath,
      [
        join(project, "provisioner/main.ts"),
        "serve",
        ...["--state-dir", folder, "--segments", segments, "--image", join(project, "out/image")],
        ...[...guestArguments, "printk.devkmsg=on", "panic=10"].flatMap((argument) => [
          "--argument",
          argument,
        ]),
      ],
      run.file("serve.log"),
    ),
  );

  const machine = around.use(
    new Machine(
      {
        name: "provision",
        firmware: "bios",
        disks: [{ bus: "nvme", megabytes: 64 }],
        nics: [{ model: "virtio-net-pci", mac: "52:54:00:00:07:01" }],
      },
      network,
      run,
    ),
  );
  const disk = run.file("provision.disk0");
  writeMark(disk);
  await machine.powerOn({ order: ["network", "disk"] });
  await machine.console.waitFor(/ingot: boot sequence done/, { within: "operatingSystem" });
  const status = await becomes(
    state,
    MachineStatus,
    machine.uuid,
    ({ stage }) => stage === "pool" || stage === "failed",
  );
  expect(status).toMatchObject({ stage: "pool" });
  expect((await state.get(Inventory, machine.uuid)).spec).toMatchObject({
    system: { manufacturer: "Ingot", product: "Lab machine" },
    disks: [{ transport: "nvme", serial: "LAB0" }],
  });
  expect((await state.get(WipeStatus, machine.uuid)).spec).toMatchObject({
    wipedAt: 1,
    run: { state: "done" },
  });
  expect((await state.list(WipeCertificate)).resources.map(({ spec }) => spec.serial)).toEqual(["LAB0"]);
  expect(readMark(disk)).toEqual(Buffer.alloc(mark.length));
});

const mark = Buffer.from("somebody's data");

function writeMark(file: string): void {
  const disk = openSync(file, "r+");
  writeSync(disk, mark, 0, mark.length, 0);
  closeSync(disk);
}

function readMark(file: string): Buffer {
  const disk = openSync(file, "r");
  const found = Buffer.alloc(mark.length);
  readSync(disk, found, 0, found.length, 0);
  closeSync(disk);
  return found;
}
