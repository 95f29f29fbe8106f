import { setTimeout as sleep } from "node:timers/promises";
import { type SystemDisk as Found, findDisk, partitionDevice } from "../../block/system-disk.ts";
import { InstalledSystem, partitionsOf } from "../../install/installed-system.ts";
import { partitionNumber, type Slot } from "../../install/layout.ts";
import { mountVolume, unmountVolume, volumes } from "../../install/volumes.ts";
import { runTool } from "../../kernel/run-tool.ts";
import { SystemDisk } from "../../resources/block.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";
import { tellOfTrial } from "./trial.ts";

/** Disks behind some controllers come long after their driver. */
const patienceMs = 60_000;

/**
 * Finds the disk that this system is installed on, and mounts STATE. A machine booted by something else than its disk
 * uses what is installed on it, if anything is.
 */
export const systemDisk: Task<Context> = {
  name: "system disk",
  async run(context, signal) {
    const { log, state, orphans, closing, disks, arguments: args } = context;
    const wanted = args().last("ingot.system");
    if (!wanted) await disks.promise;
    const found = await (wanted ? waitFor(wanted, context, signal) : anyInstalled(context));
    if (!found) return log.write("info", "the system runs from memory");
    const { devPath } = found.disk;
    const slot = wanted ? slotOf(args().last("ingot.slot")) : undefined;
    const spec = { diskID: devPath.replace("/dev/", ""), devPath, slot: slot ?? "" } as const;
    await state.as("SystemDisk").set(SystemDisk, "system-disk", { spec });
    log.write("info", `the system is on ${devPath}${slot ? `, slot ${slot}` : ""}`);
    if (found.table.damage)
      log.write("warn", `the partition table of ${devPath} is damaged: ${found.table.damage}`);
    if (slot) await tellOfTrial(context, new InstalledSystem(partitionsOf(devPath), slot), signal);
    const options = {
      state,
      said: (text: string) => log.write("info", text),
      run: runTool((child) => orphans.track(child)),
    };
    try {
      await mountVolume(volumes.state, partitionDevice(devPath, partitionNumber("STATE")), options);
    } catch (error) {
      // Booted from there, the machine would be another one without it; booted otherwise, it can say so.
      if (wanted) throw error;
      return log.write("error", String(error));
    }
    closing.defer(() => unmountVolume(volumes.state));
  },
};

async function waitFor(guid: string, context: Context, signal: AbortSignal): Promise<Found> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const found = await findDisk(
      ({ diskGuid }) => diskGuid === guid,
      (reason) => context.log.write("debug", reason),
    );
    if (found) return found;
    if (performance.now() > end)
      throw new Error(`Cannot find the disk ${guid} that this system is installed on`);
    await sleep(500, undefined, { signal });
  }
}

/** Only one that was installed to its end. */
async function anyInstalled(context: Context): Promise<Found | undefined> {
  try {
    return await findInstalled(context);
  } catch (error) {
    // This boot needs no disk: whatever is wrong with them, it goes on from memory.
    context.log.write("error", `Cannot look for an installed system: ${String(error)}`);
    return undefined;
  }
}

const findInstalled = async ({ log }: Context): Promise<Found | undefined> => {
  const found = await findDisk(
    ({ partitions }) =>
      partitions.some(({ name, number }) => name === "BOOT-A" && number === partitionNumber(name)),
    (reason) => log.write("debug", reason),
  );
  if (!found) return undefined;
  const { devPath } = found.disk;
  const state = await new InstalledSystem(partitionsOf(devPath), "a").bootState();
  if (state?.is === "installed") return found;
  log.write("warn", `${devPath} holds an installation that was not finished`);
  return undefined;
};

const slotOf = (text: string | undefined): Slot | undefined =>
  text === "a" || text === "b" ? text : undefined;
