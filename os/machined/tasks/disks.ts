import { listDisks } from "../../block/disks.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Says on the console which disks were found, so that somebody in front of the machine sees what it sees. */
export const reportDisks: Task<Context> = {
  name: "disks",
  async run({ log }) {
    for (const { devPath, transport, sizeBytes, model, serial } of await listDisks("/sys")) {
      const size = `${(sizeBytes / 1e9).toFixed(1)} GB`;
      log.write(
        "info",
        `disk ${devPath}: ${transport}, ${size}, ${model || "no model"}, serial ${serial || "unknown"}`,
      );
    }
  },
};
