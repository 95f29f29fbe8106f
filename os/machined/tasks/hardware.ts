import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadModule } from "../../kernel/modules.ts";
import { Uevents } from "../../kernel/uevents.ts";
import type { Context } from "../context.ts";
import { Drivers } from "../drivers.ts";
import type { Log } from "../log.ts";
import { modaliases } from "../modaliases.ts";
import { moduleIndex } from "../module-index.ts";
import type { Task } from "../phases.ts";

/** A driver that waits for a firmware that never answers must not keep the machine from booting. */
const patienceMs = 30_000;
/** What a network card's driver gets before those of disks, which most of the processors' time then goes to. */
const headStartMs = 1_000;

/** Loads the drivers of all hardware that is there, and of all that comes later. Nobody waits here for disks. */
export const hardware: Task<Pick<Context, "release" | "disks"> & { readonly log: Log }> = {
  name: "hardware",
  async run({ release, log, disks }) {
    const folder = join("/usr/lib/modules", release);
    const table = (name: string) => readFileSync(join(folder, `modules.${name}`), "utf8");
    const drivers = new Drivers({
      index: moduleIndex({ alias: table("alias"), dep: table("dep"), softdep: table("softdep") }),
      load: (file) => loadModule(join(folder, file)),
      refused: (file, reason) => log.write("debug", `no use for ${file}: ${String(reason)}`),
    });
    const lookAtAll = () => {
      for (const modalias of modaliases("/sys")) drivers.found(modalias);
    };
    // Before the first look, so that no device is missed between the two.
    const uevents = new Uevents({
      seen({ action, properties }) {
        const modalias = properties.get("MODALIAS");
        if (action === "add" && modalias !== undefined) drivers.found(modalias);
      },
      overrun: lookAtAll,
      failed: (error) => log.write("error", `Cannot notice new hardware: ${error.message}`),
    });
    lookAtAll();
    const settled = async (what: "all" | "all but disks") => {
      const waiting = new AbortController();
      await Promise.race([
        drivers.settled(() => uevents.drain(), what),
        sleep(patienceMs, undefined, { ref: false, signal: waiting.signal }).catch(() => undefined),
      ]);
      waiting.abort();
    };
    const others = settled("all but disks");
    const findDisks = async () => {
      await Promise.race([others, sleep(headStartMs)]);
      drivers.beginDisks();
      await settled("all");
      log.write("info", `loaded ${drivers.count} kernel modules`);
      for (const file of drivers.loading) log.write("warn", `${file} is still looking for its device`);
      disks.resolve();
    };
    void findDisks();
    await others;
  },
};
