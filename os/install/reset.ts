// What a reset does, step by step: each a task that is told of by name.
import { type BlockDevice } from "../block/block-device.ts";
import { partitionDevice } from "../block/system-disk.ts";
import type { WipeResult } from "../block/wipe/wipe.ts";
import { type PartitionName, partitionNumber } from "./layout.ts";
import type { ResetPlan } from "./reset-plan.ts";

export interface ResetTask {
  readonly phase: string;
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface ResetSurroundings {
  /** The system's disk: `/dev/nvme0n1`. */
  readonly devPath: string;
  readonly open: (
    path: string,
  ) => Promise<Pick<BlockDevice, "sizeBytes" | "overwrite" | "flush"> & AsyncDisposable>;
  /** Makes a device forget what is on it, quickly; both its ends are zeros then. */
  readonly wipe: (path: string) => Promise<WipeResult>;
  /** All that may work on volumes: whoever asked goes on hearing of it. */
  readonly stopServices: () => Promise<void>;
  readonly unmountVolumes: () => Promise<void>;
  readonly said: (text: string) => void;
}

/** Small, and full of secrets: every byte of them goes, whatever the disk thinks of forgetting. */
const secret = ["STATE", "META"] as const satisfies readonly PartitionName[];

/**
 * Services first, whose files keep volumes busy; then volumes, user disks' among them, since no disk is erased under what
 * is mounted; then disks. A machine that loses its power on the way has lost its secrets first.
 */
export function resetTasks({ system, userDisks }: ResetPlan, around: ResetSurroundings): ResetTask[] {
  const { devPath, stopServices, unmountVolumes, said } = around;
  const device = (name: PartitionName) => partitionDevice(devPath, partitionNumber(name));
  const user = userDisks.map(
    (path): ResetTask => ({ phase: "wipe", name: `resetUserDisk ${path}`, run: () => forget(path) }),
  );
  const wanted = system === "disk" ? secret : system;
  return [
    // Names that clients of this API know.
    { phase: "stopServices", name: "stopServicesForUpgrade", run: stopServices },
    { phase: "unmountSystem", name: "unmountVolumes", run: unmountVolumes },
    ...wanted.map(
      (name): ResetTask => ({
        phase: "wipe",
        name: `reset ${name}`,
        run: () => (isSecret(name) ? overwrite(device(name)) : forget(device(name))),
      }),
    ),
    ...user,
    // After its partitions, which are no longer open then.
    ...(system === "disk"
      ? [{ phase: "wipeSystemDisk", name: "resetSystemDisk", run: () => forget(devPath) }]
      : []),
  ];

  async function overwrite(path: string): Promise<void> {
    await using open = await around.open(path);
    await open.overwrite(0, open.sizeBytes);
    await open.flush();
    said(`${path} is overwritten`);
  }

  async function forget(path: string): Promise<void> {
    const result = await around.wipe(path);
    if (result.outcome === "failed") throw new Error(`Cannot wipe ${path}: ${result.why}`);
    said(`${path} is wiped (${result.method})`);
  }
}

const isSecret = (name: PartitionName) => (secret as readonly PartitionName[]).includes(name);
