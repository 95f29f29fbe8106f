// Commands that look at a machine's files.
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { ListRequest_Type as Type } from "../../api/gen/machine/files_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { eachOf } from "../answers.ts";
import type { Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { tableText } from "../table.ts";
import { machineCommand, withConnection } from "./command.ts";
import { assertOneNode } from "./streams.ts";

interface ListOptions extends Target {
  readonly long?: boolean;
  readonly recurse?: boolean;
  readonly humanize?: boolean;
  readonly depth: number;
  readonly type?: readonly string[];
}

const types: Readonly<Record<string, Type>> = {
  f: Type.REGULAR,
  d: Type.DIRECTORY,
  l: Type.SYMLINK,
  L: Type.SYMLINK,
};

export const listCommand = (io: Io): Command =>
  machineCommand("list", "Retrieve a directory listing")
    .alias("ls")
    .argument("[path]", "the folder", "/")
    .option("-l, --long", "more of each file")
    .option("-r, --recurse", "all below, too")
    .option("-H, --humanize", "sizes for people")
    .addOption(new Option("-d, --depth <depth>", "how deep").argParser(Number).default(1))
    .option(
      "-t, --type <types>",
      "only files (f), folders (d), links (l)",
      (value, before: readonly string[] | undefined) => [...(before ?? []), ...value.split(/,|/)],
    )
    .action(async (root: string, options: ListOptions) =>
      withConnection(options, io, async (connection) => {
        const { long = false, recurse = false, humanize = false, depth } = options;
        const wanted = (options.type ?? []).map((letter) => {
          const type = types[letter];
          if (type === undefined) throw new CommandFailed(`invalid file type: ${letter}`);
          return type;
        });
        const request = {
          root,
          recurse: recurse || depth > 1,
          recursionDepth: recurse ? -1 : depth,
          types: wanted,
          reportXattrs: long,
        };
        const failures: string[] = [];
        const rows: string[][] = [];
        const stream = connection.calls(MachineService).list(request, connection.stream());
        await eachOf(stream, connection, io, ({ node, answer }) => {
          const { name, relativeName, error, link, mode, uid, gid, size, modified } = answer;
          if (error !== "") failures.push(`${node}: error reading file ${name}: ${error}`);
          else if (!long) rows.push([node, relativeName]);
          else {
            const shown = link === "" ? relativeName : `${relativeName} -> ${link}`;
            const bytes = humanize ? humanBytes(Number(size)) : String(size);
            rows.push([
              node,
              goModeText(mode),
              String(uid),
              String(gid),
              bytes,
              dateText(modified, io),
              "",
              shown,
            ]);
          }
        });
        const heading = long
          ? ["NODE", "MODE", "UID", "GID", "SIZE(B)", "LASTMOD", "LABEL", "NAME"]
          : ["NODE", "NAME"];
        io.out(tableText([heading, ...rows]));
        for (const it of failures) io.error(`${it}\n`);
      }),
    );

export const readCommand = (io: Io): Command =>
  machineCommand("read", "Read a file on the machine")
    .alias("cat")
    .argument("<path>")
    .action(async (path: string, options: Target) =>
      withConnection(options, io, async (connection) => {
        assertOneNode(connection.nodes, "read");
        const stream = connection.calls(MachineService).read({ path }, connection.stream());
        await eachOf(stream, connection, io, ({ answer }) => io.outBytes(answer.bytes));
      }),
    );

export const copyCommand = (io: Io): Command =>
  machineCommand("copy", "Copy data out from the node")
    .alias("cp")
    .argument("<src-path>")
    .argument("<local-path>", 'where to put an archive; "-" for standard output')
    .action(async (rootPath: string, target: string, options: Target) =>
      withConnection(options, io, async (connection) => {
        assertOneNode(connection.nodes, "copy");
        const stream = connection.calls(MachineService).copy({ rootPath }, connection.stream());
        if (target === "-") return eachOf(stream, connection, io, ({ answer }) => io.outBytes(answer.bytes));
        await mkdir(target, { recursive: true });
        const file = createWriteStream(join(target, "archive.tar.gz"), { mode: 0o600 });
        await eachOf(stream, connection, io, ({ answer }) => {
          file.write(answer.bytes);
        });
        await new Promise<void>((resolve, reject) =>
          file.end((error?: Error | null) => (error ? reject(error) : resolve())),
        );
      }),
    );

interface UsageOptions extends Target {
  readonly humanize?: boolean;
  readonly all?: boolean;
  readonly threshold: number;
  readonly depth: number;
}

export const usageCommand = (io: Io): Command =>
  machineCommand("usage", "Retrieve a disk usage")
    .alias("du")
    .argument("[paths...]", "what to look at", ["/"])
    .option("-a, --all", "files, too")
    .option("-H, --humanize", "sizes for people")
    .addOption(
      new Option("-t, --threshold <bytes>", "only above, or below when negative")
        .argParser(Number)
        .default(0),
    )
    .addOption(new Option("-d, --depth <depth>", "how deep").argParser(Number).default(1))
    .action(async (paths: string[], options: UsageOptions) =>
      withConnection(options, io, async (connection) => {
        const { humanize = false, all = false, threshold, depth: recursionDepth } = options;
        // The machine counts from the folder itself.
        const request = { paths, all, threshold: BigInt(threshold), recursionDepth: recursionDepth + 1 };
        const rows: string[][] = [];
        const stream = connection.calls(MachineService).diskUsage(request, connection.stream());
        await eachOf(stream, connection, io, ({ node, answer }) => {
          const { name, relativeName, size, error } = answer;
          if (error !== "") io.error(`${node}: error reading file ${name}: ${error}\n`);
          else rows.push([node, humanize ? humanBytes(Number(size)) : String(size), relativeName]);
        });
        io.out(tableText([["NODE", "SIZE", "NAME"], ...rows]));
      }),
    );

// Go's FileMode (package io/fs): one letter for each of its bits, and the permissions after them.
const letters = "dalTLDpSugct?";

export function goModeText(mode: number): string {
  const marks = Array.from(letters)
    .filter((_, at) => (mode / 2 ** (31 - at)) & 1)
    .join("");
  const permissions = Array.from("rwxrwxrwx", (letter, at) => ((mode >> (8 - at)) & 1 ? letter : "-")).join(
    "",
  );
  return (marks || "-") + permissions;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** As `ls` does: what is old is shown with its year. */
function dateText(seconds: bigint, { now }: Io): string {
  const date = new Date(Number(seconds) * 1000);
  const pad = (number: number) => String(number).padStart(2, "0");
  const isNew = now().getTime() - date.getTime() < 182 * 24 * 3_600_000;
  const day = `${months[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2, " ")}`;
  const time = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}`;
  return isNew ? `${day} ${time}:${pad(date.getUTCSeconds())}` : `${day} ${date.getUTCFullYear()} ${time}`;
}

/** Decimal, as upstream shows sizes: `12 kB`. */
export function humanBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const exponent = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = Math.floor((bytes / 1000 ** exponent) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ${units[exponent]}`;
}
