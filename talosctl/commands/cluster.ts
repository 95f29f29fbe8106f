// Commands for a machine's place in a cluster.
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Command } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { Answers, eachOf } from "../answers.ts";
import type { Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { mergeKubeconfig } from "../kubeconfig.ts";
import { writeNew } from "../new-file.ts";
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

interface KubeconfigOptions extends Target {
  readonly force: boolean;
  readonly merge: boolean;
  readonly forceContextName?: string;
}

export const kubeconfigCommand = (io: Io): Command =>
  machineCommand("kubeconfig", "Download the admin kubeconfig from the node")
    .argument("[local-path]", "the file; - for standard output, when it is not merged")
    .option("-f, --force", "overwrite what is there already", false)
    .option("--force-context-name <name>", "what to call the context when it is merged")
    .option("-m, --merge", "put it into the kubeconfig that is there (~/.kube/config)", true)
    .option("--no-merge", "write a file of its own")
    .action(async (given: string | undefined, options: KubeconfigOptions) =>
      withConnection(options, io, async (connection) => {
        assertOneNode(connection.nodes, "kubeconfig");
        const path = await kubeconfigPath(given, options.merge, io);
        const before = path === "-" ? undefined : await readFile(path, "utf8").catch(undefinedIfMissing);
        if (before !== undefined && !options.merge && !options.force) {
          throw new CommandFailed(`kubeconfig file already exists, use --force to overwrite: "${path}"`);
        }
        const chunks: Uint8Array[] = [];
        const stream = connection.calls(MachineService).kubeconfig({}, connection.stream());
        await eachOf(stream, connection, io, ({ answer }) => void chunks.push(answer.bytes));
        const text = onlyFile(gunzipSync(Buffer.concat(chunks))).toString();
        if (path === "-") return io.out(text);
        if (before === undefined || !options.merge) return writeNew(path, text, { force: true });
        const { force, forceContextName: contextName } = options;
        const merged = mergeKubeconfig(before, text, { force, contextName });
        for (const line of merged.renamed) io.out(`${line}\n`);
        await writeNew(path, merged.text, { force: true });
      }),
    );

/** A folder is given for the file `kubeconfig` in it. */
async function kubeconfigPath(
  given: string | undefined,
  merge: boolean,
  { environment }: Io,
): Promise<string> {
  const { KUBECONFIG = "", HOME = "" } = environment;
  if (given === undefined && KUBECONFIG.includes(delimiter))
    throw new CommandFailed("multiple kubeconfig files defined");
  const usual = merge ? KUBECONFIG || join(HOME, ".kube/config") : ".";
  const path = given ?? usual;
  const found = path === "-" ? undefined : await stat(path).catch(undefinedIfMissing);
  return found?.isDirectory() ? join(path, "kubeconfig") : path;
}

function undefinedIfMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}

/** What is in an archive of one file (ustar: its size, in octal, stands at 124). */
function onlyFile(archive: Buffer): Buffer {
  const size = Number.parseInt(archive.toString("latin1", 124, 136), 8);
  return archive.subarray(512, 512 + size);
}
