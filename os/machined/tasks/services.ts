import { SystemDisk } from "../../resources/block.ts";
import type { Installation } from "../../services/power.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Starts the machine API and what else runs beside PID 1's own work; it ends before the machine goes down. */
export const services: Task<Context> = {
  name: "startAllServices",
  async run(context, signal) {
    const { state, logs, log, journal, end } = context;
    try {
      // Not at the top: an agent does not pay for it.
      const { startServices } = await import("../../services/start.ts");
      const { installOnRequest } = await import("./install-on-request.ts");
      const installed = await installationOf(context, signal);
      context.services.use(
        await startServices({
          ...{ state, logs, journal, end },
          said: (level, text) => log.write(level, text),
          track: (child) => context.orphans.track(child),
          installation: () => installed,
          installSystem: installOnRequest(context),
        }),
      );
    } catch (error) {
      // A machine that cannot be reached still does its work.
      log.write("error", `Cannot start the services: ${String(error)}`);
    }
  },
};

/** Undefined while the system runs from memory. */
async function installationOf(context: Context, signal: AbortSignal): Promise<Installation | undefined> {
  const disk = (await context.state.find(SystemDisk, "system-disk"))?.spec;
  if (!disk || disk.slot === "") return undefined;
  // Not at the top: an agent does not pay for it.
  const { openInstallation } = await import("./open-installation.ts");
  return openInstallation(context, { ...disk, slot: disk.slot }, signal);
}
