// Installs on a disk that a client of the machine API names, on a machine that runs from memory.
import { GrpcError } from "../../api/grpc/error.ts";
import type { Disk } from "../block/disks.ts";
import type { InstallSystem } from "../services/api/lifecycle-service.ts";
import { chooseDisk } from "./choose-disk.ts";
import type { ImageSource } from "./image-source.ts";
import type { InstallProgress } from "./install.ts";
import { quarters } from "./quarters.ts";

export interface InstallerOptions {
  /** Whether any disk of the machine holds a system. */
  readonly isInstalled: () => Promise<boolean>;
  /** Whether the machine installs itself now, as its config says. */
  readonly isInstalling: () => Promise<boolean>;
  readonly disks: () => Promise<readonly Disk[]>;
  /** Where a path leads to in the end; rejects when it leads nowhere. */
  readonly realPath: (path: string) => Promise<string>;
  readonly openImage: (image: string, signal: AbortSignal) => Promise<ImageSource>;
  /** Puts the system on the disk, and from then on keeps there what is to outlast this boot. */
  readonly write: (
    disk: Disk,
    source: ImageSource,
    progress: InstallProgress,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly said: (text: string) => void;
}

/** The machine is restarted by whoever asked for it, afterwards. Sentences are those that clients of this API know. */
export function installer(options: InstallerOptions): InstallSystem {
  let busy = false;
  const refuseSecond = () => {
    throw new GrpcError("failedPrecondition", "another installation/upgrade is already in progress");
  };

  async function diskAt(path: string): Promise<Disk> {
    const refused = (why: string) => new GrpcError("invalidArgument", `invalid disk path: ${path} ${why}`);
    const devPath = await options.realPath(path).catch(() => {
      throw refused("leads nowhere");
    });
    const { disk, skipped } = chooseDisk(await options.disks(), { by: "path", path: devPath });
    if (disk) return disk;
    const why = skipped.find((reason) => reason.startsWith(`${devPath}: `))?.slice(devPath.length + 2);
    throw refused(why ?? "is no disk");
  }

  async function installOn(
    { image, disk: path }: Parameters<InstallSystem>[0],
    progress: Parameters<InstallSystem>[1],
  ): Promise<void> {
    if (await options.isInstalling()) refuseSecond();
    if (await options.isInstalled()) throw new GrpcError("alreadyExists", "machine is already installed");
    const disk = await diskAt(path);
    const say = (text: string) => {
      options.said(text);
      progress.said(text);
    };
    say(`${image} on ${disk.devPath}`);
    const source = await options.openImage(image, progress.signal);
    const steps = { step: say, written: quarters((percent) => say(`${percent} % of the image is written`)) };
    await options.write(disk, source, steps, progress.signal);
    say("done; the next boot is from the disk");
  }

  return async (wanted, progress) => {
    if (busy) refuseSecond();
    busy = true;
    try {
      await installOn(wanted, progress);
    } finally {
      busy = false;
    }
  };
}
