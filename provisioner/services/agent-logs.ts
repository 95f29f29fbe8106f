// What machines log, in files of bounded size: one older file is kept for each machine, and no more.
import { appendFile, mkdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { SendLogsRequest } from "../../api/gen/ingot/agent/v1/agent_pb.js";

export interface AgentLogsOptions {
  readonly folder: string;
  readonly mostBytes?: number;
}

export class AgentLogs {
  readonly #folder: string;
  readonly #mostBytes: number;

  constructor({ folder, mostBytes = 1_000_000 }: AgentLogsOptions) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
  }

  async keep(machine: string, { lines, dropped }: SendLogsRequest): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = join(this.#folder, `${fileName(machine)}.log`);
    const size = await stat(file).then(
      ({ size }) => size,
      () => 0,
    );
    if (size >= this.#mostBytes) await rename(file, `${file}.1`);
    const lost = dropped > 0n ? [`(${dropped} lines were lost)`] : [];
    const text = lines.map(({ at, source, severity, text }) => {
      const when = at ? timestampDate(at).toISOString() : "-";
      return `${when} ${printable(source)}.${severity} ${printable(Buffer.from(text).toString())}`;
    });
    await appendFile(file, [...lost, ...text].map((line) => `${line}\n`).join(""), { mode: 0o600 });
  }

  /** The last lines of a machine; none where it never sent any. */
  async tail(machine: string, lines: number): Promise<string> {
    const file = join(this.#folder, `${fileName(machine)}.log`);
    const parts = await Promise.all([`${file}.1`, file].map(textOf));
    const all = parts.join("").split("\n").slice(0, -1);
    return all
      .slice(-lines)
      .map((line) => `${line}\n`)
      .join("");
  }
}

const textOf = (file: string) =>
  readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });

/** Ids come from UUIDs, MAC addresses and serial numbers; whatever else one may hold, it names no other folder. */
const fileName = (machine: string) => machine.replaceAll(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "_");

/** A machine may log what would move the cursor of whoever reads it. */
const printable = (text: string) =>
  // oxlint-disable-next-line no-control-regex -- control characters are what is replaced
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f]+/gu, " ").slice(0, 8192);
