import type { Command } from "commander";
import { stringify } from "yaml";
import { ApiClient, type Send } from "./api-client.ts";
import { type Column, table } from "./table.ts";

/** How the provisioner is reached. */
export interface Connection {
  readonly server: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly fingerprint?: string;
}

/** Everything outside of the command. */
export interface CommandIo {
  /** To standard output, a line or several. */
  readonly print: (text: string) => void;
  /** To standard error: what goes on, and what one should know. */
  readonly note: (text: string) => void;
  readonly width: number | undefined;
  readonly readFile: (path: string) => Promise<string>;
  readonly send: (connection: Connection) => Send;
  readonly now: () => Date;
}

export const formats = ["table", "wide", "json", "yaml"] as const;
type Format = (typeof formats)[number];

/** What every command has of the options before it. */
export class CommandContext {
  readonly io: CommandIo;

  constructor(io: CommandIo) {
    this.io = io;
  }

  client(command: Command): ApiClient {
    return new ApiClient(this.io.send(command.optsWithGlobals<Connection>()));
  }

  format(command: Command): Format {
    return command.optsWithGlobals<{ output: Format }>().output;
  }

  /** As it was answered, or as a table of it. */
  show<Row>(command: Command, value: unknown, rows: readonly Row[], columns: readonly Column<Row>[]): void {
    const format = this.format(command);
    if (format === "json") return this.io.print(JSON.stringify(value, null, 2));
    if (format === "yaml") return this.io.print(stringify(value).trimEnd());
    if (rows.length === 0) return this.io.note("there are none");
    this.io.print(table(rows, columns, { width: this.io.width, wide: format === "wide" }));
  }

  /** As it was answered, or as text made of it. */
  tell(command: Command, value: unknown, text: () => string): void {
    const format = this.format(command);
    if (format === "json") this.io.print(JSON.stringify(value, null, 2));
    else if (format === "yaml") this.io.print(stringify(value).trimEnd());
    else this.io.print(text());
  }
}
