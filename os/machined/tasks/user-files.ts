import { mount } from "../../kernel/mount.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Writes the files that the machine config names. A change of them takes a reboot. */
export const userFiles: Task<Context> = {
  name: "user files",
  async run({ state, log }) {
    const config = await state.find(MachineConfig, "v1alpha1");
    if (!config) return;
    // Not at the top: an agent does not pay for them.
    const { parseMachineConfig } = await import("../../../machine-config/machine-config.ts");
    const { fileSettings } = await import("../../../machine-config/settings/files.ts");
    const { writeUserFiles } = await import("../../config/write-user-files.ts");
    const bind = (source: string, target: string) => {
      mount({ source, target, type: "", flags: ["bind"] });
      mount({ source, target, type: "", flags: ["bind", "remount", "ro", "nosuid", "nodev", "noexec"] });
    };
    try {
      writeUserFiles(fileSettings(parseMachineConfig(config.spec.yaml)), { root: "/", bind });
    } catch (error) {
      // Whoever wrote it can put it right over the API.
      log.write("error", error instanceof Error ? error.message : String(error));
    }
  },
};
