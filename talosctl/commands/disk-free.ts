import type { Command } from "commander";
import { State } from "../../api/gen/cosi/state_pb.js";
import {
  type StorageServiceStatfsResponse as Room,
  StorageService,
} from "../../api/gen/machine/storage_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import { eachNode } from "../answers.ts";
import type { Connection, Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { readResource } from "../resources.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";

interface Options extends Target {
  readonly bytes?: boolean;
  readonly inodes?: boolean;
}

interface Mounted {
  readonly volume: string;
  readonly source: string;
  readonly target: string;
}

export const diskFreeCommand = (io: Io): Command =>
  machineCommand("diskfree", "Retrieve disk usage information for mounted volumes")
    .alias("df")
    .argument("[volume ID]", "only this volume")
    .option("-b, --bytes", "print sizes in bytes rather than in human-readable format")
    .option("-i, --inodes", "list inode information instead of block usage")
    .action(async (wanted: string | undefined, options: Options) =>
      withConnection(options, io, async (connection) => {
        const { good, settle } = await eachNode(connection, async (node) => {
          const mounted = (await mountedOn(connection, node)).filter(
            ({ volume }) => wanted === undefined || volume === wanted,
          );
          if (wanted !== undefined && mounted.length === 0)
            throw new CommandFailed(`volume "${wanted}" not mounted`);
          const calls = connection.calls(StorageService);
          return Promise.all(
            mounted.map(async ({ volume, source, target }) => {
              const room = await calls.statfs({ path: target }, connection.at(node));
              return [volume, source, ...cells(room, options), target];
            }),
          );
        });
        const rows = good.flatMap(({ node, answer }) => answer.map((row) => [node, ...row]));
        const sizes = options.inodes
          ? ["INODES", "IUSED", "IFREE", "%IUSED"]
          : ["SIZE", "USED", "AVAILABLE", "USAGE"];
        if (good.length > 0)
          io.out(tableText([["NODE", "VOLUME", "FILESYSTEM", ...sizes, "MOUNT POINT"], ...rows]));
        settle();
      }),
    );

function cells(room: Room, { bytes, inodes }: Options): string[] {
  const { size, used, available, inodes: all, inodesUsed, inodesFree } = room;
  const text = (units: typeof binary) => (value: bigint) => (bytes ? String(value) : scaled(value, units));
  return inodes
    ? [...[all, inodesUsed, inodesFree].map(text(decimal)), percent(inodesUsed, all)]
    : [...[size, used, available].map(text(binary)), percent(used, used + available)];
}

/** Upstream's newer nodes have them by volume; older ones, and ours, by mount. */
const kinds = {
  "MountStatuses.block.talos.dev": (_: string, spec: Spec) => spec.spec?.volumeID ?? "",
  "MountStatuses.runtime.talos.dev": (id: string) => id,
} as const;

interface Spec {
  readonly source: string;
  readonly target: string;
  readonly detached?: boolean;
  readonly spec?: { readonly volumeID: string };
}

async function mountedOn(connection: Connection, node: string): Promise<readonly Mounted[]> {
  for (const [type, volumeOf] of Object.entries(kinds)) {
    const stream = connection.calls(State).list({ namespace: "runtime", type }, connection.at(node));
    try {
      const found = await Array.fromAsync(stream, ({ resource }) => readResource(resource));
      return found
        .map(({ metadata, spec }) => ({ ...(spec as Spec), volume: volumeOf(metadata.id, spec as Spec) }))
        .filter(({ source, detached }) => source !== "" && detached !== true);
    } catch (error) {
      // Of a type that it does not know, a node says that nobody may read it.
      if (!(error instanceof GrpcError) || error.code !== "permissionDenied") throw error;
    }
  }
  return [];
}

const binary = { base: 1024, names: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] };
const decimal = { base: 1000, names: ["", "K", "M", "G", "T", "P"] };

/** In the greatest unit of which there is one at least; with a decimal below ten. */
function scaled(value: bigint, { base, names }: typeof binary): string {
  let rest = Number(value);
  let unit = 0;
  while (rest >= base && unit < names.length - 1) {
    rest /= base;
    unit += 1;
  }
  const rounded = Math.round(rest * 10) / 10;
  return `${unit > 0 && rounded < 10 ? rounded.toFixed(1) : rounded.toFixed(0)}${names[unit]}`;
}

/** Rounded up: what is nearly full is not shown to have room. */
const percent = (used: bigint, all: bigint) => (all === 0n ? "-" : `${(used * 100n + all - 1n) / all}%`);
