import { SystemDisk } from "../../resources/block.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

const isInstalled = async ({ state }: Context) => (await state.find(SystemDisk, "system-disk")) !== undefined;
const wasBootedToInstall = ({ arguments: args }: Context) => args().last("ingot.installed") !== undefined;

/** Where the config says so and nothing is installed; and where it is, and whoever booted the machine for it waits. */
export async function isToBeInstalled(context: Context): Promise<boolean> {
  if (await isInstalled(context)) return wasBootedToInstall(context);
  // Not at the top: a machine that is installed does not pay for it.
  const { wantedInstall } = await import("./install-system.ts");
  return (await wantedInstall(context)) !== undefined;
}

/** Installs the system, and restarts into it. */
export const install: Task<Context> = {
  name: "install",
  async run(context, signal) {
    const { installSystem, leaveInstaller } = await import("./install-system.ts");
    await ((await isInstalled(context)) ? leaveInstaller : installSystem)(context, signal);
  },
};
