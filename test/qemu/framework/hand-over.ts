// The whole life of a machine by its provisioner's hand: from nowhere to the pool, to a node that runs, and back.
import { closeSync, openSync, readSync } from "node:fs";
import { expect } from "vitest";
import { HandOverSite } from "./hand-over-site.ts";

interface Story {
  readonly installation?: {
    readonly evidence: string;
    readonly node: { readonly is: string; readonly version?: string; readonly address?: string };
  };
}

export async function handOver(firmware: "bios" | "uefi"): Promise<void> {
  await using site = await HandOverSite.open(
    `hand-over ${firmware}`,
    `machines: [{ name: node-1, firmware: ${firmware}, disks: [{ bus: nvme, megabytes: 8192 }] }]`,
  );
  const [server] = site.servers;
  const { machine } = server!;
  server!.chassis.press("on");
  await site.becomes(server!, "pool");

  await site.ask(server!, "assign", { profile: "default" });
  await site.becomes(server!, "running");
  const { installation } = (await site.api.call("GET", `/api/v1/machines/${machine.uuid}/story`)) as Story;
  expect(installation).toMatchObject({
    evidence: "phoneHome",
    node: {
      is: "ready",
      version: expect.stringMatching(/^v1\./),
      address: expect.stringMatching(/^10\.1\.0\./),
    },
  });
  expect(await machine.console.text()).toMatch(/the system is on \/dev\/nvme0n1, slot a/);
  expect(startOf(machine.diskFiles[0]!)).not.toEqual(Buffer.alloc(sectorBytes));

  await site.ask(server!, "release");
  await site.becomes(server!, "pool");
  expect(startOf(machine.diskFiles[0]!)).toEqual(Buffer.alloc(sectorBytes));
  site.tell();
}

const sectorBytes = 512;

function startOf(file: string): Buffer {
  const disk = openSync(file, "r");
  const found = Buffer.alloc(sectorBytes);
  readSync(disk, found, 0, sectorBytes, 0);
  closeSync(disk);
  return found;
}
