// What goes wrong in real racks, and what `ingot` then says: disks that fail, cables that are not there, power that goes
// away, a provisioner that dies. `npm run test:qemu -- --all trouble`.
import { beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { randomFrom } from "../../provisioner/simulation/random.ts";
import { deadlineMs } from "./framework/deadlines.ts";
import { operatingSystem } from "./framework/image.ts";
import { openTestLab, type TestLab } from "./lab/test-lab.ts";

beforeAll(() => operatingSystem());

const bios = (more: string, megabytes = 64) =>
  `{ name: one, firmware: bios, disks: [{ bus: nvme, megabytes: ${megabytes} }], ${more} }`;

/** Of the power cuts: `SEED=2 npm run test:qemu -- …` for others. */
const seed = Number(process.env["SEED"] ?? 3);

/** What `ingot machines show` says of it. */
async function story(lab: TestLab, id: string): Promise<string> {
  return JSON.stringify(await lab.api.call("GET", `/api/v1/machines/${id}/story`));
}

test("a disk that refuses to be written is named, and the machine stays out of the pool", async () => {
  const faults = "[{ on: write }]";
  const rack = `machines: [{ name: one, firmware: bios, bmc: none, disks: [{ bus: nvme, megabytes: 16 }, { bus: virtio, megabytes: 16, serial: DYING, faults: ${faults} }] }]`;
  await using lab = await openTestLab("trouble disk", rack);
  const { machine } = await lab.place("one");
  expect(await lab.reaches("one", "pool")).toBe("failed");
  expect(await lab.why("one")).toMatch(/DYING|vda|wipe/);
  expect(await story(lab, machine.uuid)).toContain("DYING");
});

describe("a machine that is known, and does not come", () => {
  test.each([
    [
      "its cable is not plugged in",
      "",
      "nics: [{ cable: { plugged: false } }]",
      /it is on for \d+ min, and never asked for a network boot: no link/,
    ],
    // A card's own iPXE gives up before the port forwards, each time anew.
    [
      "spanning tree keeps its port silent",
      "",
      "nics: [{ cable: { blockedForMs: 30000 } }]",
      /never asked for a network boot: .*a port that spanning tree blocks/,
    ],
    [
      "nobody gives it an address",
      "networks: [{ name: lab }, { name: dead, pxeServer: own, dhcp: none }]",
      "nics: [{ network: dead }]",
      /it was offered a boot, and does not come for it: nobody gives it an address/,
    ],
  ])("because %s: that is said", async (name, networks, fault, doubt) => {
    await using lab = await openTestLab(
      `trouble ${name}`,
      `${networks}\nmachines: [${bios(`${fault}, powered: false`)}]`,
    );
    const { machine, ipmi } = await lab.place("one");
    const bmc = { address: ipmi!.address, user: "admin", password: "ingot-lab" };
    const known = [{ uuid: machine.uuid, name: "first", accept: true, bmc }];
    await lab.api.call("POST", "/api/v1/machines/import", { format: "yaml", text: stringify(known) });
    const waiting = { timeout: deadlineMs.wholeLife, interval: 1_000 };
    await expect.poll(() => story(lab, machine.uuid), waiting).toMatch(doubt);
    expect(await lab.why("one")).toMatch(/inventory/);
  });
});

test("the provisioner is killed at each step, and the machine comes to its work", async () => {
  await using lab = await openTestLab("trouble killed", `machines: [${bios("", 8192)}]`);
  const { board, provisioner } = lab.site;
  const { machine } = await lab.place("one");
  for (const milestone of ["PXE", "agent", "accepted", "wiped", "pool", "assigned", "installed"]) {
    if (milestone === "assigned")
      await lab.api.call("POST", `/api/v1/machines/${machine.uuid}/actions/assign`, { profile: "default" });
    await board.until(() => board.allHave(milestone));
    await provisioner.stop("SIGKILL");
    await provisioner.start();
  }
  expect(await lab.reaches("one", "running")).toBe("running");
});

test("power goes away at one of ten transitions, as a seed says, and every machine comes to its work", async () => {
  const names = ["one", "two"];
  const machines = names.map((name) => `- { name: ${name}, firmware: bios, disks: [{ bus: virtio }] }`);
  /** Each machine has chances of its own, which do not depend on when the other does what. */
  const chances = new Map(names.map((name, nth) => [name, randomFrom(seed + nth)]));
  const cuts: string[] = [];
  await using lab = await openTestLab("trouble power", `machines:\n${machines.join("\n")}`, {
    told(who, text) {
      const random = chances.get(who);
      if (!random || random() >= 0.1) return;
      const { chassis } = lab.machine(who);
      cuts.push(`${who}: ${text}`);
      const wasOn = chassis.powered;
      chassis.pressByHand("off");
      if (wasOn) chassis.pressByHand("on");
    },
  });
  const work = async (name: string) => {
    const { machine } = await lab.place(name);
    expect(await lab.reaches(name, "pool"), cuts.join("\n")).toBe("pool");
    await lab.api.call("POST", `/api/v1/machines/${machine.uuid}/actions/assign`, { profile: "default" });
    expect(await lab.reaches(name, "running"), cuts.join("\n")).toBe("running");
  };
  await Promise.all(names.map(work));
  expect(cuts).not.toEqual([]);
}, 900_000);
