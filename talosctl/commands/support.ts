// `support`: what somebody needs to see who is asked for help, in one file, and no secrets.
import { open } from "node:fs/promises";
import type { Command } from "commander";
import { ResourceDefinitionSpec_Sensitivity as Sensitivity } from "../../api/gen/cosi/meta_pb.js";
import { State } from "../../api/gen/cosi/state_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import type { DiskStats } from "../../api/gen/machine/statistics_pb.js";
import { type Connection, callFailure, type Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { resourceText } from "../resource-text.ts";
import { definitionsOf, readResource } from "../resources.ts";
import { tableText } from "../table.ts";
import { ZipWriter } from "../zip.ts";
import { machineCommand, withConnection } from "./command.ts";
import { serviceText } from "./service.ts";
import { mountsText, processesText } from "./statistics.ts";
import { serverText } from "./version.ts";

interface Options extends Target {
  readonly output: string;
  readonly verbose?: boolean;
}

export const supportCommand = (io: Io): Command =>
  machineCommand("support", "Dump debug information about the cluster")
    .option("-O, --output <path>", "output file to write support archive to", "support.zip")
    .option("-w, --num-workers <count>", "accepted for compatibility: nodes are asked one after the other")
    .option("-v, --verbose", "verbose output")
    .action((options: Options) =>
      withConnection(options, io, async (connection) => {
        await using file = await open(options.output, "wx", 0o600).catch((cause: unknown) => {
          if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
          throw new CommandFailed(`${options.output} is there already: name another file by --output`, {
            cause,
          });
        });
        const archive = new ZipWriter((bytes) => file.write(bytes));
        const failures: string[][] = [];
        for (const node of connection.nodes) {
          for await (const { path, collect } of collectors(connection, node, io, failures)) {
            if (options.verbose) io.error(`${node}: ${path}\n`);
            try {
              const content = await collect();
              if (content.length > 0) await archive.add(`${node}/${path}`, content, io.now());
            } catch (error) {
              failures.push([node, path, callFailure(error)]);
            }
          }
        }
        await archive.end();
        if (failures.length > 0) io.error(`Not all could be had:\n${tableText(failures)}`);
        io.error(`Support bundle is written to ${options.output}\n`);
      }),
    );

interface Collector {
  readonly path: string;
  readonly collect: () => Promise<Uint8Array>;
}

/** What there is to be had of a node. What is in a list of what there is fails when the list does. */
async function* collectors(
  connection: Connection,
  node: string,
  io: Io,
  failures: string[][],
): AsyncGenerator<Collector> {
  const calls = connection.calls(MachineService);
  const way = connection.at(node);
  const text = (path: string, make: () => Promise<string>): Collector => ({
    path,
    collect: async () => Buffer.from(await make()),
  });
  const bytes = (path: string, stream: () => AsyncIterable<{ readonly bytes: Uint8Array }>): Collector => ({
    path,
    collect: async () => Buffer.concat(await Array.fromAsync(stream(), (chunk) => chunk.bytes)),
  });
  const from = <A>(messages: readonly A[]) => messages.map((answer) => ({ node, answer }));
  const listed = async <T>(path: string, list: () => Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      return await list();
    } catch (error) {
      failures.push([node, path, callFailure(error)]);
      return [];
    }
  };

  yield bytes("dmesg.log", () => calls.dmesg({}, way));
  yield text("mounts", async () => mountsText(from((await calls.mounts({}, way)).messages)));
  yield text("processes", async () => processesText(from((await calls.processes({}, way)).messages), "rss"));
  yield text("summary", async () => {
    const { messages } = await calls.version({}, way);
    return messages.map((answer) => serverText(node, answer)).join("");
  });
  yield text("io", async () => ioText((await calls.diskStats({}, way)).messages));
  yield bytes("devices", () => calls.read({ path: "/proc/bus/pci/devices" }, way));

  const services = await listed("service-logs", async () =>
    (await calls.serviceList({}, way)).messages.flatMap((answer) => answer.services),
  );
  for (const service of services) {
    yield text(`service-logs/${service.id}.state`, async () => serviceText(node, service, io));
  }
  const logs = await listed("service-logs", async () =>
    (await calls.logsContainers({}, way)).messages.flatMap(({ ids }) => ids),
  );
  for (const id of logs) {
    const request = { namespace: "system", id, tailLines: -1 };
    yield bytes(`service-logs/${id}.log`, () => calls.logs(request, way));
  }

  for (const { resourceType: type, defaultNamespace: namespace, sensitivity } of await listed(
    "resources",
    () => definitionsOf(connection, node),
  )) {
    const isSecret = sensitivity === Sensitivity.SENSITIVE;
    yield text(`resources/${type.toLowerCase()}.yaml`, async () => {
      const stream = connection.calls(State).list({ namespace, type }, way);
      const found = await Array.fromAsync(stream, ({ resource }) => readResource(resource));
      return found
        .map((it) => resourceText(node, isSecret ? { ...it, spec: "<REDACTED>" } : it))
        .join("---\n");
    });
  }
}

const ioText = (messages: readonly DiskStats[]) =>
  tableText([
    ["NAME", "IO_TIME", "IO_TIME_WEIGHTED", "DISK_WRITE_SECTORS", "DISK_READ_SECTORS"],
    ...messages.flatMap(({ devices }) =>
      devices.map(({ name, ioTimeMs, ioTimeWeightedMs, writeSectors, readSectors }) =>
        [name, ioTimeMs, ioTimeWeightedMs, writeSectors, readSectors].map(String),
      ),
    ),
  ]);
