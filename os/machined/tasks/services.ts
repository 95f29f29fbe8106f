import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Starts the machine API and what else runs beside PID 1's own work; it ends before the machine goes down. */
export const services = (life: "maintenance" | "run"): Task<Context> => ({
  name: "services",
  async run({ state, logs, log, end, closing }) {
    try {
      // Not at the top: an agent does not pay for it.
      const { startServices } = await import("../../services/start.ts");
      closing.use(
        await startServices({
          ...{ state, logs, life, end },
          said: (level, text) => log.write(level, text),
          installation: () => undefined,
        }),
      );
    } catch (error) {
      // A machine that cannot be reached still does its work.
      log.write("error", `Cannot start the services: ${String(error)}`);
    }
  },
});
