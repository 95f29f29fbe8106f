import type { Command } from "commander";
import { ApiClient, type Send } from "./api-client.ts";
import { asJson, asYaml } from "./documents.ts";
import type { Paint } from "./paint.ts";
import { type Column, Table } from "./table.ts";

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
  /** Says on a terminal what is waited for, until disposed of. */
  readonly progress: (text: string) => Disposable;
  readonly width: number | undefined;
  readonly paint: Paint;
  readonly readFile: (path: string) => Promise<string>;
  /** Into a file that nobody else may read; makes its folder. */
  readonly writeSecret: (path: string, text: string) => Promise<void>;
  readonly send: (connection: Connection) => Send;
  /** Joins the terminal to a machine's console at that path until the user leaves it. */
  readonly joinConsole: (connection: Connection, path: string) => Promise<void>;
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
    const connection = command.optsWithGlobals<Connection>();
    const { progress, send } = this.io;
    return new ApiClient(send(connection), () => progress(`waiting for ${connection.server}`));
  }

  format(command: Command): Format {
    return command.optsWithGlobals<{ output: Format }>().output;
  }

  table<Row>(command: Command, columns: readonly Column<Row>[], first: readonly Row[]): Table<Row> {
    const { width, paint } = this.io;
    return new Table(columns, first, { width, paint, wide: this.format(command) === "wide" });
  }

  /** As it was answered, or as a table of it. */
  show<Row>(command: Command, value: unknown, rows: readonly Row[], columns: readonly Column<Row>[]): void {
    if (rows.length === 0 && ["table", "wide"].includes(this.format(command))) {
      return this.io.note("there are none");
    }
    this.tell(command, value, () => {
      const table = this.table(command, columns, rows);
      return [table.heading(), ...rows.map((row) => table.row(row))].join("\n");
    });
  }

  /** As it was answered, or as text made of it. */
  tell(command: Command, value: unknown, text: () => string): void {
    const format = this.format(command);
    if (format === "json") this.io.print(asJson(value, 2));
    else if (format === "yaml") this.io.print(asYaml(value));
    else this.io.print(text());
  }
}
