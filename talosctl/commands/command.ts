import { Command } from "commander";
import { type Connection, connect, type Target } from "../connection.ts";
import type { Io } from "../io.ts";

const list = (value: string, before: readonly string[] | undefined) => [
  ...(before ?? []),
  ...value.split(","),
];

/** A command to machines, with the flags that all of them have. */
export function machineCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option(
      "--talosconfig <path>",
      "the client's config; else $TALOSCONFIG, $TALOS_HOME/config or ~/.talos/config",
    )
    .option("-n, --nodes <nodes>", "the machines that are meant", list)
    .option("-e, --endpoints <endpoints>", "where to reach them, instead of the config's endpoints", list)
    .option("-c, --cluster <name>", "the cluster to connect to, where the endpoint is a proxy")
    .option("--context <name>", "the context to use");
}

/** Besides: machines that have no config yet, and cannot be told from others but by their fingerprint. */
export const alsoInsecure = (command: Command): Command =>
  command
    .option(
      "-i, --insecure",
      "use the maintenance API of a machine without a config (encrypted, no authentication)",
    )
    .option("--cert-fingerprint <fingerprints>", "accept only these certificates of the machine", list);

/** Runs with a connection that is closed afterwards. */
export async function withConnection(
  options: Target,
  io: Io,
  run: (connection: Connection) => Promise<void>,
): Promise<void> {
  using connection = await connect(options, io);
  await run(connection);
}
