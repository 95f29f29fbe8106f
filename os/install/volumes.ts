// STATE and EPHEMERAL: made when they are not there, looked after by their own tools, and mounted.
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { State } from "../../cosi/state.ts";
import { signaturesOn } from "../block/disk-signatures.ts";
import { mount, unmount } from "../kernel/mount.ts";
import type { RunTool } from "../kernel/run-tool.ts";
import { VolumeStatus } from "../resources/block.ts";
import { MountStatus } from "../resources/runtime/platform.ts";
import type { PartitionName } from "./layout.ts";

interface Volume {
  readonly name: PartitionName;
  readonly mountAt: string;
  readonly mode: number;
  readonly filesystem: "ext4" | "xfs";
  readonly make: (device: string) => readonly [string, ...string[]];
  /** Before it is mounted: what a power cut left behind. xfs does that by itself while mounting. */
  readonly check?: (device: string) => readonly [string, ...string[]];
}

export const volumes = {
  state: {
    ...{ name: "STATE", mountAt: "/system/state", mode: 0o700, filesystem: "ext4" },
    make: (device) => ["mke2fs", "-q", "-F", "-t", "ext4", "-L", "STATE", "-m", "0", device],
    check: (device) => ["e2fsck", "-p", device],
  },
  ephemeral: {
    ...{ name: "EPHEMERAL", mountAt: "/var", mode: 0o755, filesystem: "xfs" },
    make: (device) => ["mkfs.xfs", "-q", "-f", "-L", "EPHEMERAL", device],
  },
} as const satisfies Record<string, Volume>;

const mountFlags = ["nosuid", "nodev", "noexec"] as const;

export interface VolumeOptions {
  readonly state: State;
  readonly said: (text: string) => void;
  readonly run: RunTool;
}

/** Rejects when it can neither be used nor made: what is on it is not ours to erase. */
export async function mountVolume(
  volume: Volume,
  device: string,
  { state, said, run }: VolumeOptions,
): Promise<void> {
  const { name, mountAt, mode, filesystem } = volume;
  const status = { location: device, mountLocation: mountAt, filesystem, size: await sizeOf(device) };
  const report = (rest: { phase: "ready" | "failed"; errorMessage: string }) =>
    state.as("Volumes").set(VolumeStatus, name, { spec: { ...status, ...rest } });
  try {
    await prepare(volume, device, { said, run });
    mkdirSync(mountAt, { recursive: true, mode });
    mount({ source: device, target: mountAt, type: filesystem, flags: mountFlags });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    await report({ phase: "failed", errorMessage: reason });
    throw new Error(`Cannot use the volume ${name}: ${reason}`, { cause });
  }
  await report({ phase: "ready", errorMessage: "" });
  await state.as("Volumes").set(MountStatus, name, {
    spec: {
      ...{ source: device, target: mountAt, filesystemType: filesystem, encrypted: false },
      options: [...mountFlags],
    },
  });
  said(`volume ${name}: ${device}, ${filesystem}, at ${mountAt}`);
}

/** With all that is mounted on it. One that is not mounted is left alone: a reset has done it before. */
export async function unmountVolume({ mountAt }: Pick<Volume, "mountAt">): Promise<void> {
  for (const target of mountsOn(mountAt, await readFile("/proc/self/mounts", "utf8"))) unmount(target);
}

/** What is mounted at a folder and below it, the last first: nothing goes before what stands on it. */
export const mountsOn = (folder: string, mounts: string): string[] =>
  mounts
    .split("\n")
    .map((line) => (line.split(" ")[1] ?? "").replaceAll(/\\([0-7]{3})/g, octal))
    .filter((target) => target === folder || target.startsWith(`${folder}/`))
    .toReversed();

/** proc(5): spaces and the like are written as \040. */
const octal = (_: string, digits: string) => String.fromCharCode(Number.parseInt(digits, 8));

async function prepare(
  volume: Volume,
  device: string,
  { said, run }: Pick<VolumeOptions, "said" | "run">,
): Promise<void> {
  const found = await signaturesOn(device, await sizeOf(device));
  if (found.length === 0) {
    said(`volume ${volume.name}: making an ${volume.filesystem} on ${device}`);
    const [command, ...args] = volume.make(device);
    return run(command, args);
  }
  const expected = volume.filesystem === "ext4" ? "ext" : volume.filesystem;
  if (!found.includes(expected))
    throw new Error(`${device} holds ${found.join(", ")}, not ${volume.filesystem}`);
  if (!volume.check) return;
  const [command, ...args] = volume.check(device);
  // 1: it has repaired something.
  await run(command, args, [0, 1]);
}

/** The kernel counts in 512 bytes. */
const sizeOf = async (device: string) =>
  Number(await readFile(`/sys/class/block/${basename(device)}/size`, "latin1")) * 512;
