import { MachineConfig } from "../../resources/config/machine-config.ts";
import { UserFileStatus } from "../../resources/runtime/user-file.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Waits for the files that the machine config names: services that are begun then find them. */
export const userFiles: Task<Context> = {
  name: "user files",
  async run({ state }, signal) {
    const config = await state.find(MachineConfig, "v1alpha1");
    if (!config) return;
    // Not at the top: an agent does not pay for them.
    const { parseMachineConfig } = await import("../../../machine-config/machine-config.ts");
    const { fileSettings } = await import("../../../machine-config/settings/files.ts");
    const missing = new Set(fileSettings(parseMachineConfig(config.spec.yaml)).map(({ path }) => path));
    if (missing.size === 0) return;
    for await (const events of state.watch(UserFileStatus, { signal })) {
      for (const event of events)
        if (event.type !== "bootstrapped") missing.delete(event.resource.metadata.id);
      if (missing.size === 0) return;
    }
  },
};
