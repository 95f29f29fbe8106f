import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { State } from "../../../cosi/state.ts";
import { MemoryStore } from "../../../cosi/stores/memory.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import type { FragileDisk } from "../../install/fragile-disk.ts";
import type { InstalledSystem } from "../../install/installed-system.ts";
import { metaTags } from "../../install/meta/block.ts";
import { installedDisk, randomOf, systemOn } from "../../install/power-cuts.ts";
import { practiceImage } from "../../install/practice-image.ts";
import { runTool } from "../../kernel/run-tool.ts";
import { MachineStatus } from "../../resources/runtime/node.ts";
import { Upgrade } from "../../resources/runtime/upgrade.ts";
import { Faults } from "../faults.ts";
import { parseKernelArguments } from "../kernel-arguments.ts";
import { ProblemLog } from "../problems.ts";
import { tellOfTrial } from "./trial.ts";

let folder: string;
let upgraded: FragileDisk;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-trial-"));
  upgraded = await installedDisk(randomOf(11), { scratch: folder, run: runTool((child) => child) });
  const progress = { written: () => {}, signal: new AbortController().signal };
  const source = practiceImage(Buffer.from("a kernel"), Buffer.from("an initramfs"));
  await (await systemOn(upgraded, "a")).upgrade({ source, from: "http://images/2" }, progress);
  await upgraded.flush();
});
afterAll(() => rmSync(folder, { recursive: true }));

let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

/** A boot from a slot of the disk. */
async function boot(system: InstalledSystem, commandLine = "") {
  const state = new State({ store: new MemoryStore(), clock: systemClock });
  const faults = new Faults();
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const context = {
    ...{ state, faults, end, log: new ProblemLog({ write: () => {} }, () => new Date(0)) },
    arguments: () => parseKernelArguments(commandLine),
  };
  await tellOfTrial(context, system, stop.signal);
  const upgrade = async () => (await state.find(Upgrade, "upgrade"))?.spec;
  /** Resolves when the trial is over, and the system is kept. */
  const kept = async () => {
    for await (const _ of state.watch(Upgrade, { signal: stop.signal }))
      if ((await upgrade())?.phase === "done") return;
  };
  const stands = (stage: "booting" | "running", missing?: string) =>
    state.as("MachineStatus").set(MachineStatus, "machine", {
      spec: {
        stage,
        status: {
          ready: missing === undefined,
          unmetConditions: missing === undefined ? [] : [{ name: missing, reason: "it is not there" }],
        },
      },
    });
  return { faults, ended, upgrade, kept, stands };
}

/** The slot that was tried, and what the boot before it tells when it runs again. */
async function disk() {
  const copy = upgraded.copy();
  const tried = await systemOn(copy, "b");
  const afterwards = async () => {
    const { upgrade } = await boot(await systemOn(copy, "a"));
    return (await upgrade())?.reason;
  };
  return { tried, afterwards };
}

describe("a slot on trial", () => {
  test("is kept as soon as the machine is running and ready, and not before", async () => {
    const { tried } = await disk();
    const { kept, stands, upgrade } = await boot(tried);
    expect(await upgrade()).toEqual({ phase: "trial", slot: "b", image: "http://images/2", reason: "" });
    await stands("booting");
    await stands("running", "network");
    expect(await tried.isOnTrial()).toBe(true);
    await stands("running");
    await kept();
    expect(await tried.bootState()).toMatchObject({ default: "b", next: undefined });
    expect((await tried.meta()).has(metaTags.upgradeFallback)).toBe(false);
  });

  test("that breaks is given up for the reason that it gives", async () => {
    const { tried, afterwards } = await disk();
    const { faults, ended } = await boot(tried, "panic=0");
    faults.tell({ reason: "Cannot mount EPHEMERAL", next: "The machine stays as it is." });
    expect(await ended).toBe("restart");
    expect(await tried.isOnTrial()).toBe(true);
    expect(await afterwards()).toBe("Cannot mount EPHEMERAL");
  });

  test("that is never ready is given up in time, for what was missing", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { tried, afterwards } = await disk();
    const { ended, stands } = await boot(tried, "ingot.trial=45");
    await stands("running", "services");
    vi.advanceTimersByTime(45_000);
    expect(await ended).toBe("restart");
    expect(await afterwards()).toBe("it was not ready within 45 s: it is running; services: it is not there");
  });

  test("of which nothing is heard is told of by the slot before it, once and for all boots", async () => {
    const copy = upgraded.copy();
    const old = await systemOn(copy, "a");
    const { upgrade } = await boot(old);
    expect((await upgrade())?.reason).toMatch(/^nothing was heard of it: its kernel or its first process/);
    const again = await boot(old);
    expect(await again.upgrade()).toEqual(await upgrade());
    expect((await old.meta()).has(metaTags.upgradeFallback)).toBe(false);
  });
});
