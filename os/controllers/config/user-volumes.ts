import { collectionController } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { all, the } from "../../../cosi/engine/reads.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import { type VolumeSettings, volumeSettings } from "../../../machine-config/settings/volumes.ts";
import { SystemDisk, VolumeStatus } from "../../resources/block.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { Disk } from "../../resources/hardware/disk.ts";
import { configIn } from "./config-in.ts";

export interface Volumes {
  bring(volume: VolumeSettings): Promise<SpecOf<typeof VolumeStatus>>;
  release(kept: ReadonlySet<string>): void;
}

/** Looked at again when a disk comes or goes. One after the other: two may want the same room. */
export const userVolumes = (volumes: Volumes) =>
  collectionController({
    name: "UserVolumes",
    reads: {
      config: the(MachineConfig, "v1alpha1"),
      disks: all(Disk),
      system: the(SystemDisk, "system-disk"),
      ephemeral: the(VolumeStatus, "EPHEMERAL"),
    },
    owns: many(VolumeStatus),
    async reconcile({ config, system, ephemeral }) {
      // They are mounted below /var: what is mounted there later would hide them.
      if (system && ephemeral?.spec.phase !== "ready") return { do: "wait", why: "/var is not mounted yet" };
      const wanted = config ? volumeSettings(configIn(config)) : [];
      volumes.release(new Set(wanted.map(({ name }) => name)));
      const outputs: Record<string, { spec: SpecOf<typeof VolumeStatus> }> = {};
      for (const volume of wanted) outputs[`u-${volume.name}`] = { spec: await volumes.bring(volume) };
      return { do: "set", outputs };
    },
  });
