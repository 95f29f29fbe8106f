// A machine by its provisioner's hand: from nowhere to the pool, to a node that its operator reaches, and back.
import { expect, test } from "vitest";
import { run } from "../../talosctl/program.ts";
import { becomesNode, comesToPool, goesBack } from "./framework/hand-over.ts";
import { HandOverSite } from "./framework/hand-over-site.ts";
import { writeTalosconfig } from "./lab/talosconfig.ts";

const deadlineMs = 900_000;
const rack = "machines: [{ name: node-1, firmware: bios, disks: [{ bus: nvme }] }]";

test(
  "a machine is installed, runs, is released, and is wiped, all by its provisioner",
  async () => {
    await using site = await HandOverSite.open("hand-over bios", rack);
    const [server] = site.servers;
    await comesToPool(site, server!);
    await becomesNode(site, server!);
    expect(await talosctl(site, "version")).toMatch(/Server:[^]*NODE: +10\.1\.0\.[^]*v1\./);
    await goesBack(site, server!);
  },
  deadlineMs,
);

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
