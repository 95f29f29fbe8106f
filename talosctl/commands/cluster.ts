// Commands for a machine's place in a cluster.
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import type { Command } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { Answers, eachOf } from "../answers.ts";
import type { Target } from "../connection.ts";
import type { Io } from "../io.ts";
import { machineCommand, withConnection } from "./command.ts";
import { assertOneNode } from "./streams.ts";

export const bootstrapCommand = (io: Io): Command =>
  machineCommand("bootstrap", "Bootstrap the etcd cluster on the specified node.")
    .option("--recover-from <path>", "recover etcd cluster from the snapshot")
    .option("--recover-skip-hash-check", "skip integrity check when recovering etcd", false)
    .action(async (options: Target & { recoverFrom?: string; recoverSkipHashCheck: boolean }) =>
      withConnection(options, io, async (connection) => {
        assertOneNode(connection.nodes, "bootstrap");
        const calls = connection.calls(MachineService);
        const { recoverFrom, recoverSkipHashCheck } = options;
        if (recoverFrom !== undefined) {
          const uploaded = await calls.etcdRecover(chunksOf(recoverFrom), connection.all());
          new Answers(uploaded.messages, connection).settle();
        }
        const request = { recoverEtcd: recoverFrom !== undefined, recoverSkipHashCheck };
        const { messages } = await calls.bootstrap(request, connection.all());
        new Answers(messages, connection).settle();
      }),
    );

async function* chunksOf(path: string): AsyncGenerator<{ bytes: Uint8Array }> {
  for await (const bytes of createReadStream(path) as AsyncIterable<Buffer>) yield { bytes };
}

export const kubeconfigCommand = (io: Io): Command =>
  machineCommand("kubeconfig", "Download the admin kubeconfig from the node")
    .argument("[local-path]", "the file to write", "kubeconfig")
    .action(async (path: string, options: Target) =>
      withConnection(options, io, async (connection) => {
        assertOneNode(connection.nodes, "kubeconfig");
        const chunks: Uint8Array[] = [];
        const stream = connection.calls(MachineService).kubeconfig({}, connection.stream());
        await eachOf(stream, connection, io, ({ answer }) => void chunks.push(answer.bytes));
        await writeFile(path, onlyFile(gunzipSync(Buffer.concat(chunks))), { mode: 0o600 });
      }),
    );

/** What is in an archive of one file (ustar: its size, in octal, stands at 124). */
function onlyFile(archive: Buffer): Buffer {
  const size = Number.parseInt(archive.toString("latin1", 124, 136), 8);
  return archive.subarray(512, 512 + size);
}
