// Puts the system on a disk: a sequence, and at each of its moments a power cut leaves a disk that can be installed again.
import { encodeTable, type PartitionTable } from "../block/gpt/table.ts";
import { findSignatures } from "../block/signatures.ts";
import type { RunTool } from "../kernel/run-tool.ts";
import { configFile } from "../services/config/persist-config.ts";
import { type BootLoader, biosCore, bootCode, efiPartition } from "./boot-loader.ts";
import { writeBootPartition, writeBootState } from "./boot-partition.ts";
import type { ImageSource } from "./image-source.ts";
import { slotArguments } from "./installed-arguments.ts";
import { type Extent, extentOf, type PartitionName, planLayout } from "./layout.ts";
import { encodeMeta, type MetaValues } from "./meta/block.ts";
import { occupancyOf } from "./occupancy.ts";
import { type StateFilesystem, stateFilesystemWith } from "./state-filesystem.ts";
import { type Target, writeStream } from "./target.ts";
import { writeSlot } from "./write-slot.ts";

export interface InstallRequest {
  readonly disk: Target;
  readonly source: ImageSource;
  readonly loader: BootLoader;
  /** Of the system that is installed; who it is on the disk is added. */
  readonly kernelArguments: readonly string[];
  /** What the machine is to do: kept in STATE. */
  readonly config: string | undefined;
  readonly meta: MetaValues;
  /** Install even where something is. All of it is lost. */
  readonly wipe: boolean;
  /** A folder for a moment's files. */
  readonly scratch: string;
  readonly run: RunTool;
  readonly newGuid: () => string;
}

export interface InstallProgress {
  step(name: string): void;
  /** How much of the image is on the disk. */
  written(bytes: number, of: number): void;
}

interface Work extends InstallRequest {
  readonly table: PartitionTable;
  readonly progress: InstallProgress;
  readonly signal: AbortSignal;
  readonly extent: (name: PartitionName) => Extent;
}

interface Step {
  readonly name: string;
  readonly run: (work: Work) => Promise<void>;
}

/** Nothing that tells of a partition is on the disk until everything that is in them is. */
const steps: readonly Step[] = [
  { name: "clearing the disk", run: clear },
  { name: "marking the disk as unfinished", run: mark },
  { name: "writing the image", run: writeImage },
  { name: "writing the boot loader", run: writeLoader },
  {
    name: "writing META",
    run: ({ disk, extent, meta }) => disk.write(extent("META").offset, encodeMeta(meta)),
  },
  { name: "writing STATE", run: writeState },
  { name: "writing the partition table", run: writeTable },
  { name: "finishing", run: finish },
];

export async function install(
  request: InstallRequest,
  progress: InstallProgress,
  signal: AbortSignal,
): Promise<{ diskGuid: string }> {
  const { disk } = request;
  const occupancy = await occupancyOf(disk);
  if (occupancy.is === "occupied" && !request.wipe)
    throw new Error(
      `Cannot install on ${disk.path}: it holds ${occupancy.by.join(", ")}, and nobody said that it may be wiped`,
    );
  const table = planLayout(disk, request.newGuid);
  const extent = (name: PartitionName) => extentOf(table, name, disk.sectorBytes)!;
  const kernelArguments = [...request.kernelArguments, `ingot.system=${table.diskGuid}`];
  const work: Work = { ...request, kernelArguments, table, progress, signal, extent };
  for (const { name, run } of steps) {
    signal.throwIfAborted();
    progress.step(name);
    await run(work);
  }
  return { diskGuid: table.diskGuid };
}

const MiB = 1024 * 1024;

/** What is recognized is gone, and whatever else begins where disks and our partitions begin. */
async function clear({ disk, extent }: Work): Promise<void> {
  const start = { offset: 0, sizeBytes: MiB };
  const end = Math.floor(disk.sizeBytes / disk.sectorBytes) * disk.sectorBytes;
  const places = [start, { offset: end - MiB, sizeBytes: MiB }];
  for (const { from, offset } of await findSignatures(disk)) {
    const at = from === "start" ? offset : disk.sizeBytes - offset;
    places.push({ offset: at - (at % disk.sectorBytes), sizeBytes: disk.sectorBytes });
  }
  // Whoever makes EPHEMERAL at boot must not take an old filesystem for it.
  places.push({ offset: extent("EPHEMERAL").offset, sizeBytes: MiB });
  for (const { offset, sizeBytes } of places) await disk.overwrite(offset, sizeBytes);
  await disk.flush();
}

async function mark({ disk, extent }: Work): Promise<void> {
  await writeBootState(disk, extent("BOOT"), { is: "installing" });
}

async function writeImage({ disk, extent, source, kernelArguments, progress, signal }: Work): Promise<void> {
  const of = source.release.kernel.sizeBytes + source.release.initramfs.sizeBytes;
  let done = 0;
  const written = (bytes: number) => progress.written((done += bytes), of);
  const args = slotArguments(source.release.kernelArguments, [...kernelArguments, "ingot.slot=a"]);
  await writeSlot(disk, extent("BOOT-A"), { source, kernelArguments: args }, { written, signal });
  await disk.overwrite(extent("BOOT-B").offset, MiB);
}

async function writeLoader({ disk, extent, loader }: Work): Promise<void> {
  const pieces = [...efiPartition(loader, extent("EFI"), disk.sectorBytes), biosCore(loader, extent("BIOS"))];
  for (const { offset, bytes } of pieces) await disk.write(offset, padded(bytes, disk.sectorBytes));
  await writeBootPartition(disk, extent("BOOT"), { is: "installing" });
}

async function writeState({ disk, extent, config, scratch, run }: Work): Promise<void> {
  const { offset, sizeBytes } = extent("STATE");
  const files: Record<string, Uint8Array> = config === undefined ? {} : { [configFile]: Buffer.from(config) };
  await using filesystem: StateFilesystem = await stateFilesystemWith(files, { sizeBytes, scratch, run });
  await writeStream(disk, offset, filesystem.read(), () => {});
}

async function writeTable({ disk, table, extent, loader }: Work): Promise<void> {
  await disk.flush();
  const { backup, entries, header, protection } = encodeTable(table, disk, bootCode(loader, extent("BIOS")));
  for (const { offset, bytes } of [backup, entries, header, protection]) {
    await disk.write(offset, bytes);
    await disk.flush();
  }
}

/** From here on the disk holds a system. */
async function finish({ disk, extent }: Work): Promise<void> {
  await writeBootState(disk, extent("BOOT"), { is: "installed", default: "a" });
}

function padded(bytes: Uint8Array, sectorBytes: number): Uint8Array {
  if (bytes.length % sectorBytes === 0) return bytes;
  const whole = new Uint8Array(Math.ceil(bytes.length / sectorBytes) * sectorBytes);
  whole.set(bytes);
  return whole;
}
