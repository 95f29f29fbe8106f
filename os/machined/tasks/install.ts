import { SystemDisk } from "../../resources/block.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Installs where the config says so and nothing is installed, and restarts into it. */
export const install: Task<Context> = {
  name: "install",
  async run(context, signal) {
    if (await context.state.find(SystemDisk, "system-disk")) return;
    // Not at the top: a machine that is installed does not pay for it.
    const { installSystem } = await import("./install-system.ts");
    await installSystem(context, signal);
  },
};
