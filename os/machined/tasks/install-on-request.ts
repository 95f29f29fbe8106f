import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { installSettings } from "../../../machine-config/settings/install.ts";
import { type Disk, listDisks } from "../../block/disks.ts";
import { partitionDevice } from "../../block/system-disk.ts";
import { installer } from "../../install/installer.ts";
import { partitionNumber } from "../../install/layout.ts";
import { mountVolume, unmountVolume, volumes } from "../../install/volumes.ts";
import { runTool } from "../../kernel/run-tool.ts";
import { SystemDisk } from "../../resources/block.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { MachineStage } from "../../resources/runtime/node.ts";
import type { InstallSystem } from "../../services/api/lifecycle-service.ts";
import { persistConfig } from "../../services/config/persist-config.ts";
import type { Context } from "../context.ts";
import { openInstallImage, writeToDisk } from "./write-to-disk.ts";

/** Installs what the machine API asks for, with the config that the next boot would have. */
export function installOnRequest(context: Context): InstallSystem {
  const { state, log, orphans, closing } = context;
  const isInstalled = async () => (await state.find(SystemDisk, "system-disk")) !== undefined;
  const isInstalling = async () => (await state.find(MachineStage, "machine"))?.spec.stage === "installing";
  const said = (text: string) => log.write("info", `install: ${text}`);
  const kept = () => state.find(MachineConfig, "persistent").then((found) => found?.spec.yaml);

  /** From here on STATE keeps what is applied to the machine, as after a boot that finds an installed system. */
  async function follow({ devPath }: Disk, written: string | undefined): Promise<void> {
    const options = { state, said, run: runTool((child) => orphans.track(child)) };
    await mountVolume(volumes.state, partitionDevice(devPath, partitionNumber("STATE")), options);
    closing.defer(() => unmountVolume(volumes.state));
    const spec = { diskID: basename(devPath), devPath, slot: "" } as const;
    await state.as("SystemDisk").set(SystemDisk, "system-disk", { spec });
    const yaml = await kept();
    if (yaml !== undefined && yaml !== written) await persistConfig(volumes.state.mountAt, yaml);
  }

  return installer({
    ...{ isInstalled, isInstalling, said, realPath: realpath },
    disks: () => listDisks("/sys"),
    openImage: async (image, signal) => openInstallImage(context, image, await kept(), signal),
    async write(disk, source, progress, signal) {
      const yaml = await kept();
      const settings = yaml === undefined ? undefined : installSettings(parseMachineConfig(yaml));
      const { extraKernelArgs = [], wipe = false } = settings ?? {};
      const { devPath } = disk;
      await writeToDisk(context, { devPath, source, yaml, extraKernelArgs, wipe }, progress, signal);
      await follow(disk, yaml);
    },
  });
}
