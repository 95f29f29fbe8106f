// The system on the disk, on a real machine: every seam filled with what the kernel offers.
import { sleep } from "../../../cosi/clock.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { registryEndpoints } from "../../../machine-config/settings/registries.ts";
import { listDisks } from "../../block/disks.ts";
import { openBlockDevice } from "../../block/open-block-device.ts";
import { wipe } from "../../block/wipe/wipe.ts";
import { installation, type SequenceTask } from "../../install/installation.ts";
import { InstalledSystem, partitionsOf } from "../../install/installed-system.ts";
import type { Slot } from "../../install/layout.ts";
import { releaseKey } from "../../install/release-key.ts";
import { unmountVolume, volumes } from "../../install/volumes.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { Upgrade } from "../../resources/runtime/upgrade.ts";
import type { Installation } from "../../services/power.ts";
import type { Context } from "../context.ts";
import type { Phase } from "../phases.ts";

export async function openInstallation(
  context: Context,
  { devPath, diskID, slot }: { devPath: string; diskID: string; slot: Slot },
  signal: AbortSignal,
): Promise<Installation> {
  const { state, log, end } = context;
  const owned = state.as("Upgrades");
  const yaml = () => state.find(MachineConfig, "v1alpha1").then((found) => found?.spec.yaml);
  return installation({
    ...{ system: new InstalledSystem(partitionsOf(devPath), slot), systemDisk: diskID },
    ...{ key: releaseKey(), fetch, end, signal },
    async registry(name) {
      const text = await yaml();
      return registryEndpoints(text === undefined ? undefined : parseMachineConfig(text), name);
    },
    disks: () => listDisks("/sys"),
    reset: {
      open: (path) => openBlockDevice(path),
      wipe: (path) =>
        wipe({
          open: () => openBlockDevice(path),
          // What a disk must forget for good is the matter of whoever takes the machine back.
          ...{ methods: ["fast"], samples: 0, random: Math.random, progress: () => undefined },
          ...{ pause: (stop) => sleep(systemClock, 1000, stop), signal },
        }),
      async unmountVolumes() {
        for (const volume of [volumes.ephemeral, volumes.state]) await unmountVolume(volume);
      },
    },
    sequence: (name, actorId, tasks) => context.run({ name, actorId, phases: phasesOf(tasks) }),
    said: (level, text) => log.write(level, text),
    upgraded: (spec) => owned.set(Upgrade, "upgrade", { spec }),
  });
}

/** Each a phase of its own, since tasks of a phase run together. */
const phasesOf = (tasks: readonly SequenceTask[]): Phase<Context>[] =>
  tasks.map(({ phase, name, run }) => ({ name: phase, tasks: [{ name, run }] }));
