import { BootIsOver } from "../../config/config-url.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import type { ConfigSource, SourceContext } from "../config-sources.ts";
import type { Task } from "../phases.ts";

/**
 * Looks for the machine config where it may be, and keeps the first as a resource. One that is wrong is no reason to
 * stop: the machine says so, and waits for a better one in maintenance.
 */
export const loadConfig = (sources: readonly ConfigSource[]): Task<SourceContext> => ({
  name: "machine config",
  async run(context, signal) {
    const { state, log } = context;
    for (const source of sources) {
      const yaml = await read(source, context, signal);
      if (yaml === undefined) continue;
      // Not at the top: an agent does not pay for it.
      const { parseMachineConfig } = await import("../../../machine-config/machine-config.ts");
      const { unusedSettings } = await import("../../services/config/unused-settings.ts");
      try {
        for (const sentence of unusedSettings(parseMachineConfig(yaml)))
          log.write("info", `config: ${sentence}`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.write("error", `The machine config from ${source.name} cannot be used: ${reason}`);
        continue;
      }
      const body = { spec: { yaml, from: source.name } };
      for (const id of ["v1alpha1", "persistent"])
        await state.as("MachineConfig").set(MachineConfig, id, body);
      return log.write("info", `the machine config is from ${source.name}`);
    }
  },
});

/** A source that cannot be read is none: the next one is asked. But a boot that is over ends. */
async function read(
  source: ConfigSource,
  context: SourceContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await source.read(context, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BootIsOver) throw error;
    context.log.write("error", error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
