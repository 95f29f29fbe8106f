// Brings the volumes of the machine's owner to where its config wants them: found, made, grown and mounted.
import { mkdirSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { SpecOf } from "../../cosi/resource.ts";
import type { VolumeSettings } from "../../machine-config/settings/volumes.ts";
import { signaturesOn } from "../block/disk-signatures.ts";
import type { Partition, PartitionTable } from "../block/gpt/table.ts";
import { writeTable } from "../block/gpt/write-table.ts";
import { partitionDevice } from "../block/system-disk.ts";
import { mountsOn } from "../install/volumes.ts";
import { growFilesystem } from "../kernel/grow-filesystem.ts";
import { mount, unmount } from "../kernel/mount.ts";
import { tellPartition } from "../kernel/partitions.ts";
import type { RunTool } from "../kernel/run-tool.ts";
import type { VolumeStatus } from "../resources/block.ts";
import { type DiskView, labelOf, planVolume, uuidOf, type VolumeStep } from "./plan.ts";

type Status = SpecOf<typeof VolumeStatus>;

export interface UserVolumesOptions {
  /** Where volumes are mounted: `/var/mnt`. */
  readonly root: string;
  readonly view: () => Promise<readonly DiskView[]>;
  readonly run: RunTool;
  readonly said: (text: string) => void;
}

const nodeWithinMs = 10_000;

export class UserVolumes {
  readonly #options: UserVolumesOptions;
  /** What is mounted, and where, by the volumes' names. */
  readonly #mounted = new Map<string, Status>();

  constructor(options: UserVolumesOptions) {
    this.#options = options;
  }

  /** Does what is left to do for one; what cannot be done is in its status. Safe to repeat. */
  async bring(volume: VolumeSettings): Promise<Status> {
    const there = this.#mounted.get(volume.name);
    try {
      if (volume.mountAt !== undefined && !volume.mountAt.startsWith("/var/"))
        return failed(volume, `${volume.mountAt} is not below /var`);
      if (volume.make.is === "directory") return this.#folder(volume);
      const step = planVolume(volume, await this.#options.view(), () => crypto.randomUUID());
      if (step.do === "wait") return there ?? failed(volume, step.why);
      const status = await this.#use(volume, step);
      this.#mounted.set(volume.name, status);
      return status;
    } catch (error) {
      return failed(volume, error instanceof Error ? error.message : String(error));
    }
  }

  /** Unmounts all but these. What is on them stays. */
  release(kept: ReadonlySet<string>): void {
    for (const [name, { mountLocation }] of this.#mounted) {
      if (kept.has(name)) continue;
      // A reset has done it before.
      for (const target of mountsOn(mountLocation, readFileSync("/proc/self/mounts", "utf8")))
        unmount(target);
      this.#mounted.delete(name);
      this.#options.said(`volume u-${name}: no longer at ${mountLocation}`);
    }
  }

  #folder({ name }: VolumeSettings): Status {
    const mountLocation = `${this.#options.root}/${name}`;
    mkdirSync(mountLocation, { recursive: true });
    return {
      phase: "ready",
      location: mountLocation,
      mountLocation,
      filesystem: "",
      size: 0,
      errorMessage: "",
    };
  }

  async #use(volume: VolumeSettings, step: Exclude<VolumeStep, { do: "wait" }>): Promise<Status> {
    const { disk } = step.view;
    if (step.do === "makePartition") await this.#makePartition(step.view, step.table, step.partition);
    let partition = "partition" in step ? step.partition : undefined;
    if (step.do === "use" && step.roomSectors > 0) partition = await this.#growPartition(step);
    const device = partition ? partitionDevice(disk.devPath, partition.number) : disk.devPath;
    const size = partition
      ? (partition.lastSector - partition.firstSector + 1) * disk.sectorBytes
      : disk.sizeBytes;
    await nodeOf(device);
    const mountLocation = volume.mountAt ?? `${this.#options.root}/${volume.name}`;
    if (!this.#mounted.has(volume.name)) {
      // Also where the power went between the partition and its filesystem.
      if ((await signaturesOn(device, size)).length === 0) await this.#format(volume, device);
      mkdirSync(mountLocation, { recursive: true });
      mount({
        ...{ source: device, target: mountLocation, type: volume.filesystem },
        flags: [
          "nosuid",
          "nodev",
          ...(volume.secure ? ["noexec" as const] : []),
          ...(volume.accessTimes ? [] : ["noatime" as const]),
        ],
      });
      this.#options.said(`volume ${labelOf(volume)}: ${device}, ${volume.filesystem}, at ${mountLocation}`);
    }
    if (step.do === "use" && step.roomSectors > 0)
      await growFilesystem(volume.filesystem, mountLocation, size);
    const { filesystem } = volume;
    return { phase: "ready", location: device, mountLocation, filesystem, size, errorMessage: "" };
  }

  #format(volume: VolumeSettings, device: string): Promise<void> {
    const uuid = uuidOf(volume);
    this.#options.said(`volume ${labelOf(volume)}: making an ${volume.filesystem} on ${device}`);
    return volume.filesystem === "ext4"
      ? this.#options.run("mke2fs", ["-q", "-F", "-t", "ext4", "-U", uuid, "-m", "0", device])
      : this.#options.run("mkfs.xfs", ["-q", "-m", `uuid=${uuid}`, device]);
  }

  async #makePartition(view: DiskView, table: PartitionTable, partition: Partition): Promise<void> {
    this.#options.said(`${view.disk.devPath}: making the partition ${partition.name}`);
    await clear(view, partition);
    await writeTable(view.disk, table);
    await this.#tell("add", view, partition);
  }

  async #growPartition({
    view,
    partition,
    roomSectors,
  }: Extract<VolumeStep, { do: "use" }>): Promise<Partition> {
    const grown = { ...partition, lastSector: partition.lastSector + roomSectors };
    this.#options.said(`${view.disk.devPath}: growing the partition ${partition.name}`);
    const partitions = view.table!.partitions.map((it) => (it.number === grown.number ? grown : it));
    await writeTable(view.disk, { diskGuid: view.table!.diskGuid, partitions });
    await this.#tell("resize", view, grown);
    return grown;
  }

  async #tell(operation: "add" | "resize", { disk }: DiskView, partition: Partition): Promise<void> {
    await using handle = await open(disk.devPath, "r");
    const { number, firstSector, lastSector } = partition;
    const sizeBytes = (lastSector - firstSector + 1) * disk.sectorBytes;
    tellPartition(operation, handle.fd, { number, offset: firstSector * disk.sectorBytes, sizeBytes });
  }
}

const failed = ({ filesystem }: VolumeSettings, errorMessage: string): Status => ({
  ...{ phase: "failed", location: "", mountLocation: "", filesystem, size: 0, errorMessage },
});

const clearedBytes = 1024 * 1024;

/** What once was at this place must not be taken for the volume's own. */
async function clear({ disk }: DiskView, { firstSector }: Partition): Promise<void> {
  await using handle = await open(disk.devPath, "r+");
  await handle.write(Buffer.alloc(clearedBytes), 0, clearedBytes, firstSector * disk.sectorBytes);
  await handle.sync();
}

/** devtmpfs makes it a moment after the kernel was told. */
async function nodeOf(device: string): Promise<void> {
  const deadline = performance.now() + nodeWithinMs;
  for (;;) {
    try {
      await using _ = await open(device, "r");
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
