// The steps that every machine takes at its provisioner's hand: to the pool, to a node that runs, and back.
import { closeSync, openSync, readSync } from "node:fs";
import { expect } from "vitest";
import type { HandOverSite } from "./hand-over-site.ts";
import type { Server } from "./server.ts";

/** Its button is pressed: it boots from the network, is wiped, and is free. */
export async function comesToPool(site: HandOverSite, server: Server): Promise<void> {
  server.chassis.pressByHand("on");
  await site.becomes(server, "pool");
}

/** It is installed, and runs from its disk. */
export async function becomesNode(site: HandOverSite, server: Server): Promise<void> {
  const since = (await server.machine.console.text()).length;
  await site.ask(server, "assign", { profile: "default" });
  await site.becomes(server, "running");
  expect((await site.storyOf(server)).installation).toMatchObject({
    evidence: "phoneHome",
    node: {
      is: "ready",
      version: expect.stringMatching(/^v1\./),
      address: expect.stringMatching(/^10\.1\.0\./),
    },
  });
  expect((await server.machine.console.text()).slice(since)).toMatch(/the system is on \/dev\/\S+, slot a/);
  expect(startOf(server)).not.toEqual(Buffer.alloc(sectorBytes));
}

/** It is erased, and free again. */
export async function goesBack(site: HandOverSite, server: Server): Promise<void> {
  await site.ask(server, "release");
  await site.becomes(server, "pool");
  expect(startOf(server)).toEqual(Buffer.alloc(sectorBytes));
}

const sectorBytes = 512;

/** Of its first disk. */
function startOf({ machine }: Server): Buffer {
  const disk = openSync(machine.diskFiles[0]!, "r");
  const found = Buffer.alloc(sectorBytes);
  readSync(disk, found, 0, sectorBytes, 0);
  closeSync(disk);
  return found;
}
