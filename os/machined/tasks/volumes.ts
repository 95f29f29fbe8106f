import { partitionDevice } from "../../block/system-disk.ts";
import { partitionNumber } from "../../install/layout.ts";
import { volumes as all, mountVolume, unmountVolume } from "../../install/volumes.ts";
import { runTool } from "../../kernel/run-tool.ts";
import { SystemDisk } from "../../resources/block.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Makes and mounts EPHEMERAL. Without a system disk /var stays in memory. */
export const volumes: Task<Context> = {
  name: "volumes",
  async run({ state, log, orphans, closing }) {
    const disk = (await state.find(SystemDisk, "system-disk"))?.spec;
    if (!disk) return;
    const device = partitionDevice(disk.devPath, partitionNumber("EPHEMERAL"));
    const run = runTool((child) => orphans.track(child));
    await mountVolume(all.ephemeral, device, { state, said: (text) => log.write("info", text), run });
    closing.defer(() => unmountVolume(all.ephemeral));
  },
};
