import { type Command, Option } from "commander";
import { eachNode } from "../answers.ts";
import type { Connection, Target } from "../connection.ts";
import { parseDuration } from "../duration.ts";
import type { Io } from "../io.ts";
import { type Tracking, track } from "../track.ts";
import { withConnection } from "./command.ts";

export interface Waiting extends Target {
  readonly wait: boolean;
  readonly timeout: string;
  readonly debug?: boolean;
}

/** The flags of commands whose effect can be waited for. */
export const waiting = (command: Command): Command =>
  command
    .option("--wait", "wait until it is done, and show its progress", true)
    .option("--no-wait", "do not wait")
    .option("--timeout <duration>", "how long to wait", "30m0s")
    .option("--debug", "wait, and show the kernel's log meanwhile")
    .addOption(new Option("--progress <mode>", "accepted for compatibility").choices(["auto", "plain"]));

/** Begins it on one node. Resolves to the actor whose events tell of it. */
type Begin = (connection: Connection, node: string) => Promise<string>;

/** Each node by itself, because each is followed by itself. */
export const doToEach = (io: Io, options: Waiting, until: Tracking["until"], begin: Begin): Promise<void> =>
  withConnection(options, io, async (connection) => {
    const timeoutMs = parseDuration(options.timeout);
    const { debug = false } = options;
    const { settle } = await eachNode(connection, async (node) => {
      const start = () => begin(connection, node);
      if (options.wait || debug) await track(node, { connection, io, timeoutMs, until, debug }, start);
      else await start();
    });
    settle();
  });
