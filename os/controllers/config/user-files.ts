import { collectionController } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { the } from "../../../cosi/engine/reads.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import { type FileSettings, fileSettings } from "../../../machine-config/settings/files.ts";
import { SystemDisk, VolumeStatus } from "../../resources/block.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { UserFileStatus } from "../../resources/runtime/user-file.ts";
import { configIn } from "./config-in.ts";

export interface Files {
  bring(file: FileSettings): SpecOf<typeof UserFileStatus>;
  release(kept: ReadonlySet<string>): void;
}

/** Writes the files that the config names. `said` hears of those that cannot be written. */
export const userFiles = (files: Files, said: (text: string) => void) =>
  collectionController({
    name: "UserFiles",
    reads: {
      config: the(MachineConfig, "v1alpha1"),
      system: the(SystemDisk, "system-disk"),
      ephemeral: the(VolumeStatus, "EPHEMERAL"),
    },
    owns: many(UserFileStatus),
    reconcile({ config, system, ephemeral }) {
      // Most of them are below /var: what is mounted there later would hide them.
      if (system && ephemeral?.spec.phase !== "ready") return { do: "wait", why: "/var is not mounted yet" };
      const wanted = config ? fileSettings(configIn(config)) : [];
      files.release(new Set(wanted.map(({ path }) => path)));
      const outputs: Record<string, { spec: SpecOf<typeof UserFileStatus> }> = {};
      for (const file of wanted) outputs[file.path] = { spec: files.bring(file) };
      for (const { spec } of Object.values(outputs)) if (spec.errorMessage !== "") said(spec.errorMessage);
      return { do: "set", outputs };
    },
  });
