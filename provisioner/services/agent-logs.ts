// What machines log, in files of bounded size: one older file is kept for each machine, and no more.
import { appendFile, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { SendLogsRequest } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import { printable } from "../printable.ts";

/** A line without an end fills no disk. */
const mostLineBytes = 8192;
const mostSourceLength = 64;

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
    const file = this.#file(machine);
    const size = await stat(file).then(
      ({ size }) => size,
      () => 0,
    );
    if (size >= this.#mostBytes) await rename(file, `${file}.1`);
    const lost = dropped > 0n ? [`(${dropped} lines were lost)`] : [];
    const text = lines.map(({ at, source, severity, text }) => {
      const when = at ? timestampDate(at).toISOString() : "-";
      const said = printable(Buffer.from(text.subarray(0, mostLineBytes)).toString());
      return `${when} ${printable(source).slice(0, mostSourceLength)}.${severity} ${said}`;
    });
    await appendFile(file, [...lost, ...text].map((line) => `${line}\n`).join(""), { mode: 0o600 });
  }

  /** The last lines of a machine; none where it never sent any. */
  async tail(machine: string, lines: number): Promise<string> {
    const parts = await Promise.all(this.#files(machine).map(textOf));
    const all = parts.join("").split("\n").slice(0, -1);
    return all
      .slice(-lines)
      .map((line) => `${line}\n`)
      .join("");
  }

  /** Of whom there are any. */
  async machines(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch(none([]));
    return [...new Set(names.flatMap((name) => machineOf(name) ?? []))];
  }

  async remove(machine: string): Promise<void> {
    for (const file of this.#files(machine)) await rm(file, { force: true });
  }

  #file(machine: string): string {
    return join(this.#folder, `${nameOf(machine)}.log`);
  }

  /** The older first. */
  #files(machine: string): readonly string[] {
    const file = this.#file(machine);
    return [`${file}.1`, file];
  }
}

const none =
  <T>(instead: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === "ENOENT") return instead;
    throw error;
  };

const textOf = (file: string) => readFile(file, "utf8").catch(none(""));

/** Ids come from UUIDs, MAC addresses and serial numbers; whatever else one may hold, it names no other folder. */
const nameOf = (machine: string) =>
  encodeURIComponent(machine).replaceAll(/[.!~*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);

function machineOf(file: string): string | undefined {
  const name = /^([A-Za-z0-9_%-]+)\.log(?:\.1)?$/.exec(file)?.[1];
  try {
    return name && decodeURIComponent(name);
  } catch {
    // Not one of ours.
    return undefined;
  }
}
