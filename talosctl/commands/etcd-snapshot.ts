import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import type { Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { machineCommand, withConnection } from "./command.ts";
import { assertOneNode } from "./streams.ts";

export const etcdSnapshotCommand = (io: Io): Command =>
  machineCommand("snapshot", "Stream snapshot of the etcd node to the path.")
    .argument("<path>", "the file to write")
    .action(async (path: string, options: Target) =>
      withConnection(options, io, async (connection) => {
        assertOneNode(connection.nodes, "etcd snapshot");
        const stream = connection.calls(MachineService).etcdSnapshot({}, connection.stream());
        const size = await download(stream, path);
        io.out(`etcd snapshot saved to "${path}" (${size} bytes)\n`);
      }),
    );

/** Pages of 512 bytes, and the SHA-256 of them at the end. */
const [pageBytes, digestBytes] = [512, 32];

/** What is there only in part does not stand under the name of the whole. */
async function download(
  stream: AsyncIterable<{ readonly bytes: Uint8Array }>,
  path: string,
): Promise<number> {
  const part = `${path}.part`;
  let size = 0;
  async function* chunks() {
    for await (const { bytes } of stream) {
      size += bytes.length;
      yield bytes;
    }
  }
  try {
    await pipeline(chunks, createWriteStream(part, { mode: 0o600, flush: true }));
    if (size % pageBytes !== digestBytes) {
      throw new CommandFailed(`sha256 checksum not found (size ${size})`);
    }
    await rename(part, path);
    return size;
  } finally {
    await rm(part, { force: true });
  }
}
