import type { Command } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import type { Version } from "../../api/gen/machine/statistics_pb.js";
import { Answers } from "../answers.ts";
import type { Target } from "../connection.ts";
import type { Io } from "../io.ts";
import { alsoInsecure, machineCommand, withConnection } from "./command.ts";

interface Options extends Target {
  readonly client?: boolean;
  readonly short?: boolean;
}

export const versionCommand = (io: Io, own: string): Command =>
  alsoInsecure(machineCommand("version", "Prints the version"))
    .option("--client", "print the client's version only")
    .option("--short", "print the short version")
    .action(async (options: Options) => {
      io.out("Client:\n");
      if (options.short) io.out(`Talos ${own}\n`);
      else io.out(`\tTag:         ${own}\n\tOS/Arch:     linux/${architecture()}\n`);
      if (options.client) return;
      io.out("Server:\n");
      await withConnection(options, io, async (connection) => {
        const { messages } = await connection.calls(MachineService).version({}, connection.all());
        const answers = new Answers(messages, connection);
        for (const { node, answer } of answers.good) io.out(serverText(node, answer));
        answers.settle();
      });
    });

const architecture = () => (process.arch === "x64" ? "amd64" : process.arch);

/** What a machine tells of its version. */
export function serverText(node: string, { version, features }: Version): string {
  const { tag = "", sha = "", built = "", goVersion = "", os = "", arch = "" } = version ?? {};
  const fields = [
    ["NODE", node],
    ["Tag", tag],
    ["SHA", sha],
    ["Built", built],
    ["Go version", goVersion],
    ["OS/Arch", `${os}/${arch}`],
    ["Enabled", features?.rbac ? "RBAC" : ""],
  ];
  return fields.map(([name, value]) => `\t${`${name}:`.padEnd(13)}${value}\n`).join("");
}
