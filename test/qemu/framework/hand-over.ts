// The whole life of a machine by its provisioner's hand: from nowhere to the pool, to a node that runs and is operated,
// and back.
import { closeSync, openSync, readSync } from "node:fs";
import { expect } from "vitest";
import { run } from "../../../talosctl/program.ts";
import { writeTalosconfig } from "../lab/talosconfig.ts";
import { HandOverSite } from "./hand-over-site.ts";

export interface HandOver {
  readonly firmware: "bios" | "uefi";
  /** Besides, the node is put on its image anew, in the other slot. */
  readonly upgrade?: boolean;
}

export async function handOver({ firmware, upgrade = false }: HandOver): Promise<void> {
  await using site = await HandOverSite.open(
    `hand-over ${firmware}`,
    `machines: [{ name: node-1, firmware: ${firmware}, disks: [{ bus: nvme }] }]`,
  );
  const [server] = site.servers;
  const { machine } = server!;
  server!.chassis.pressByHand("on");
  await site.becomes(server!, "pool");

  await site.ask(server!, "assign", { profile: "default" });
  await site.becomes(server!, "running");
  expect((await site.storyOf(server!)).installation).toMatchObject({
    evidence: "phoneHome",
    node: {
      is: "ready",
      version: expect.stringMatching(/^v1\./),
      address: expect.stringMatching(/^10\.1\.0\./),
    },
  });
  expect(await machine.console.text()).toMatch(/the system is on \/dev\/nvme0n1, slot a/);
  expect(startOf(machine.diskFiles[0]!)).not.toEqual(Buffer.alloc(sectorBytes));
  expect(await talosctl(site, "version")).toMatch(/Server:[^]*NODE: +10\.1\.0\.[^]*v1\./);

  if (upgrade) {
    await site.ask(server!, "upgrade");
    await site.tells(server!, ({ nodeOrder }) => nodeOrder?.what === "upgrade" && nodeOrder.state === "done");
    expect(await machine.console.text()).toMatch(/the system is on \/dev\/nvme0n1, slot b/);
  }

  await site.ask(server!, "release");
  await site.becomes(server!, "pool");
  expect(startOf(machine.diskFiles[0]!)).toEqual(Buffer.alloc(sectorBytes));
  site.tell();
}

/** Asks the nodes as an operator does: with what the provisioner gives for that. */
async function talosctl(site: HandOverSite, ...words: readonly string[]): Promise<string> {
  const file = site.directory.file("talosconfig");
  await writeTalosconfig(site.api, { file, proxy: undefined });
  const printed: string[] = [];
  const say = (text: string) => void printed.push(text);
  const io = {
    ...{ out: say, error: say, outBytes: async () => {}, environment: {}, now: () => new Date() },
    ...{ signal: AbortSignal.timeout(60_000), edit: async (text: string) => text },
  };
  await run([...words, "--talosconfig", file], io, "0.0.0");
  return printed.join("");
}

const sectorBytes = 512;

function startOf(file: string): Buffer {
  const disk = openSync(file, "r");
  const found = Buffer.alloc(sectorBytes);
  readSync(disk, found, 0, sectorBytes, 0);
  closeSync(disk);
  return found;
}
