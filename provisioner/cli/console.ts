import { joinConsole, type Terminal } from "../../bmc/cli/terminal.ts";
import { failureOf } from "./api-client.ts";
import type { Connection } from "./command-io.ts";
import { type ConnectOptions, connectBytes } from "./connect.ts";

/** A console of the API, as a terminal joins the one of a BMC. */
export async function joinRemoteConsole(
  connection: Connection,
  path: string,
  options: ConnectOptions,
  terminal: Terminal,
): Promise<void> {
  const stream = await connectBytes(connection, path, options);
  if ("status" in stream) throw await failureOf(stream);
  const open = async () => ({
    output: stream,
    write: (bytes: Uint8Array) => stream.send(bytes),
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  });
  await joinConsole({ console: { open } }, terminal);
}
