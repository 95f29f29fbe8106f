// Commands that show how a machine is doing, as tables.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import type { Mounts } from "../../api/gen/machine/files_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import type { Process } from "../../api/gen/machine/statistics_pb.js";
import { TimeService } from "../../api/gen/time/time_pb.js";
import { Answers, type From } from "../answers.ts";
import type { Target } from "../connection.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";
import { humanBytes } from "./files.ts";

export const memoryCommand = (io: Io): Command =>
  machineCommand("memory", "Show memory usage")
    .alias("free")
    .option("-v, --verbose", "all that the kernel tells")
    .action(async (options: Target & { verbose?: boolean }) =>
      withConnection(options, io, async (connection) => {
        const { messages } = await connection.calls(MachineService).memory({}, connection.all());
        const answers = new Answers(messages, connection);
        if (options.verbose) {
          for (const { node, answer } of answers.good) {
            io.out(`NODE: ${node}\n`);
            const fields = Object.entries(answer.meminfo ?? {}).filter(([, it]) => typeof it === "bigint");
            io.out(tableText(fields.map(([name, value]) => [`${name}:`, `${value as bigint} kB`])));
          }
        } else {
          const mb = (kilobytes = 0n) => String(kilobytes / 1024n);
          const rows = answers.good.map(({ node, answer: { meminfo: it } }) => [
            node,
            mb(it?.memtotal),
            mb(it && it.memtotal - it.memfree - it.cached - it.buffers),
            mb(it?.memfree),
            mb(it?.shmem),
            mb(it?.buffers),
            mb(it?.cached),
            mb(it?.memavailable),
          ]);
          const heading = ["NODE", "TOTAL", "USED", "FREE", "SHARED", "BUFFERS", "CACHE", "AVAILABLE"];
          io.out(tableText([heading, ...rows]));
        }
        answers.settle();
      }),
    );

/** What there is of each file system that has a size: the others are no places to put things. */
export function mountsText(good: readonly From<Mounts>[]): string {
  const gb = (bytes: bigint) => (Number(bytes) / 1e9).toFixed(2);
  const rows = good.flatMap(({ node, answer }) =>
    answer.stats
      .filter(({ size }) => size > 0n)
      .map(({ filesystem, size, available, mountedOn }) => [
        ...[node, filesystem, gb(size), gb(size - available), gb(available)],
        `${(100 - (100 * Number(available)) / Number(size)).toFixed(2)}%`,
        mountedOn,
      ]),
  );
  const sizes = ["SIZE(GB)", "USED(GB)", "AVAILABLE(GB)", "PERCENT USED"];
  return tableText([["NODE", "FILESYSTEM", ...sizes, "MOUNTED ON"], ...rows]);
}

export const mountsCommand = (io: Io): Command =>
  machineCommand("mounts", "List mounts")
    .alias("mount")
    .action(async (options: Target) =>
      withConnection(options, io, async (connection) => {
        const { messages } = await connection.calls(MachineService).mounts({}, connection.all());
        const answers = new Answers(messages, connection);
        io.out(mountsText(answers.good));
        answers.settle();
      }),
    );

export function processesText(good: readonly From<Process>[], by: "rss" | "cpu"): string {
  const rows = good
    .flatMap(({ node, answer }) => answer.processes.map((process) => ({ node, ...process })))
    .sort((a, b) => (by === "cpu" ? b.cpuTime - a.cpuTime : Number(b.residentMemory - a.residentMemory)))
    .map((it) => [
      ...[it.node, String(it.pid), it.state, String(it.threads), it.cpuTime.toFixed(2)],
      ...[humanBytes(Number(it.virtualMemory)), humanBytes(Number(it.residentMemory)), it.label],
      it.args || it.executable || it.command,
    ]);
  const heading = ["NODE", "PID", "STATE", "THREADS", "CPU-TIME", "VIRTMEM", "RESMEM", "LABEL", "COMMAND"];
  return tableText([heading, ...rows]);
}

export const processesCommand = (io: Io): Command =>
  machineCommand("processes", "List running processes")
    .alias("p")
    .alias("ps")
    .addOption(new Option("-s, --sort <column>", "by what").choices(["rss", "cpu"]).default("rss"))
    .action(async (options: Target & { sort: "rss" | "cpu" }) =>
      withConnection(options, io, async (connection) => {
        const { messages } = await connection.calls(MachineService).processes({}, connection.all());
        const answers = new Answers(messages, connection);
        io.out(processesText(answers.good, options.sort));
        answers.settle();
      }),
    );

export const timeCommand = (io: Io): Command =>
  machineCommand("time", "Gets current server time")
    .option("--check <server>", "compare with this time server")
    .action(async (options: Target & { check?: string }) =>
      withConnection(options, io, async (connection) => {
        const calls = connection.calls(TimeService);
        const { messages } =
          options.check === undefined
            ? await calls.time({}, connection.all())
            : await calls.timeCheck({ server: options.check }, connection.all());
        const answers = new Answers(messages, connection);
        const text = (at: Parameters<typeof timestampDate>[0] | undefined) =>
          at ? timestampDate(at).toISOString().replace("T", " ").replace("Z", " +0000 UTC") : "";
        const rows = answers.good.map(({ node, answer: { server, localtime, remotetime } }) => [
          ...[node, server, text(localtime), text(remotetime)],
        ]);
        io.out(tableText([["NODE", "NTP-SERVER", "NODE-TIME", "NTP-SERVER-TIME"], ...rows]));
        answers.settle();
      }),
    );
