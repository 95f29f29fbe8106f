import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadModule } from "../../kernel/modules.ts";
import { coldplug } from "../coldplug.ts";
import type { Context } from "../context.ts";
import { moduleIndex } from "../module-index.ts";
import type { Task } from "../phases.ts";

export const hardware: Task<Context> = {
  name: "hardware",
  async run({ release, log }) {
    const folder = join("/usr/lib/modules", release);
    const table = (name: string) => readFile(join(folder, `modules.${name}`), "utf8");
    const [alias, dep, softdep] = await Promise.all([table("alias"), table("dep"), table("softdep")]);
    let count = 0;
    await coldplug({
      devices: "/sys/devices",
      index: moduleIndex({ alias, dep, softdep }),
      load(file) {
        loadModule(join(folder, file));
        count++;
      },
      refused: (file, reason) => log.write("debug", `no use for ${file}: ${String(reason)}`),
    });
    log.write("info", `loaded ${count} kernel modules`);
  },
};
