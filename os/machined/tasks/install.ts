import { SystemDisk } from "../../resources/block.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Installs where the config says so and nothing is installed, and restarts into it. */
export const install: Task<Context> = {
  name: "install",
  async run(context, signal) {
    const disk = await context.state.find(SystemDisk, "system-disk");
    const wasBootedToInstall = context.arguments().last("ingot.installed") !== undefined;
    if (disk && !wasBootedToInstall) return;
    // Not at the top: a machine that is installed does not pay for it.
    const { installSystem, leaveInstaller } = await import("./install-system.ts");
    await (disk ? leaveInstaller : installSystem)(context, signal);
  },
};
