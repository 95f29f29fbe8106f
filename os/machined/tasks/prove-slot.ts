import { InstalledSystem, partitionsOf } from "../../install/installed-system.ts";
import { SystemDisk } from "../../resources/block.ts";
import { MachineStatus } from "../../resources/runtime/node.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";
import { endTrial } from "./system-disk.ts";

/** A slot on trial becomes the one that is booted as soon as the machine is running and ready, and not before. */
export const proveSlot: Task<Context> = {
  name: "prove the slot",
  async run({ state, log }, signal) {
    const disk = (await state.find(SystemDisk, "system-disk"))?.spec;
    if (!disk || disk.slot === "") return;
    const { slot, devPath } = disk;
    const installed = new InstalledSystem(partitionsOf(devPath), slot);
    if (!(await installed.isOnTrial())) return;
    const prove = async () => {
      for await (const _ of state.watch(MachineStatus, { signal })) {
        const status = (await state.find(MachineStatus, "machine"))?.spec;
        if (status?.stage !== "running" || !status.status.ready) continue;
        await installed.commit();
        endTrial(slot);
        return log.write("info", `slot ${slot} has proved itself`);
      }
    };
    void prove().catch((error: unknown) =>
      log.write("error", `Cannot commit slot ${slot}: ${String(error)}`),
    );
  },
};
