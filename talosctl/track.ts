// Follows what a machine does after it was told to, until it is done: by the events of that request, and by its boot id.
import { fromBinary } from "@bufbuild/protobuf";
import {
  type Event,
  MachineStatusEventSchema,
  MachineStatusEvent_MachineStage as Stage,
} from "../api/gen/machine/events_pb.js";
import { MachineService } from "../api/gen/machine/machine_pb.js";
import { GrpcError } from "../api/grpc/error.ts";
import { eventText } from "./commands/streams.ts";
import type { Connection } from "./connection.ts";
import { CommandFailed, type Io } from "./io.ts";

export interface Tracking {
  readonly connection: Connection;
  readonly io: Io;
  readonly timeoutMs: number;
  /** The machine comes back, or it stays away. */
  readonly until: "it is back" | "it is gone";
  /** Shows the kernel's log meanwhile. */
  readonly debug?: boolean;
}

const tryAgainMs = 1_000;
/** A machine that is not there must not be waited for longer than that, at once. */
const attemptMs = 5_000;

/** Starts the action on one node and waits until its effect is there. */
export async function track(
  node: string,
  { connection, io, timeoutMs, until, debug = false }: Tracking,
  start: () => Promise<string>,
): Promise<void> {
  const deadline = AbortSignal.any([io.signal, AbortSignal.timeout(timeoutMs)]);
  const before = await bootIdOf(connection, node, deadline);
  const over = new AbortController();
  const shown = debug
    ? showKernelLog(connection, io, node, AbortSignal.any([deadline, over.signal]))
    : undefined;
  await using _ = {
    async [Symbol.asyncDispose]() {
      over.abort();
      await shown;
    },
  };
  const actorId = await start();
  io.error(`${node}: waiting for actor ID: ${actorId}\n`);
  await showEvents(connection, io, node, actorId, deadline);
  io.error(`${node}: waiting until ${until}\n`);
  for (;;) {
    deadline.throwIfAborted();
    const now = await bootIdOf(connection, node, deadline).catch((error: unknown) => error);
    const isAnswering = !(now instanceof Error) || !isAway(now);
    if (until === "it is gone" && !isAnswering) break;
    if (until === "it is back" && isAnswering && !(now instanceof Error) && now !== before) {
      await untilReady(connection, node, deadline);
      break;
    }
    await pause(deadline);
  }
  io.error(`${node}: done\n`);
}

/** Undefined for who may not read it: then the machine's own word must do. */
async function bootIdOf(
  connection: Connection,
  node: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { metadata } = connection.at(node);
  const path = "/proc/sys/kernel/random/boot_id";
  let text = "";
  try {
    const stream = connection
      .calls(MachineService)
      .read({ path }, { metadata, signal, deadlineMs: attemptMs });
    for await (const { bytes } of stream) text += Buffer.from(bytes).toString();
    return text.trim();
  } catch (error) {
    if (error instanceof GrpcError && error.code === "permissionDenied") return undefined;
    throw error;
  }
}

const isAway = (error: unknown) =>
  error instanceof GrpcError &&
  ["unavailable", "deadlineExceeded", "cancelled", "unknown"].includes(error.code);

/** Ends when the machine's connection does, as it must when it goes down. */
async function showEvents(
  connection: Connection,
  io: Io,
  node: string,
  withActorId: string,
  signal: AbortSignal,
): Promise<void> {
  const { metadata } = connection.at(node);
  try {
    const request = { tailEvents: -1, withActorId };
    for await (const event of connection.calls(MachineService).events(request, { metadata, signal })) {
      const text = eventText(event);
      if (text) io.error(`${node}: ${text.join(": ")}\n`);
    }
  } catch (error) {
    if (signal.aborted) throw new CommandFailed(`${node} has not come so far in time`, { cause: error });
  }
}

/** Until the machine goes down, or all is over. */
async function showKernelLog(
  connection: Connection,
  io: Io,
  node: string,
  signal: AbortSignal,
): Promise<void> {
  const { metadata } = connection.at(node);
  const request = { follow: true, tail: true };
  try {
    for await (const { bytes } of connection.calls(MachineService).dmesg(request, { metadata, signal }))
      io.error(`${node}: ${Buffer.from(bytes).toString()}`);
  } catch {
    // A machine that goes down says so by its silence.
  }
}

async function untilReady(connection: Connection, node: string, signal: AbortSignal): Promise<void> {
  const { metadata } = connection.at(node);
  const enough = new AbortController();
  const stream = connection
    .calls(MachineService)
    .events({ tailEvents: -1 }, { metadata, signal: AbortSignal.any([signal, enough.signal]) });
  for await (const event of stream) {
    if (!isReady(event)) continue;
    enough.abort();
    return;
  }
}

function isReady({ data }: Event): boolean {
  if (data?.typeUrl !== `talos/runtime/${MachineStatusEventSchema.typeName}`) return false;
  const { stage, status } = fromBinary(MachineStatusEventSchema, data.value);
  // A machine that runs from memory comes back without its config.
  return (stage === Stage.RUNNING || stage === Stage.MAINTENANCE) && status?.ready === true;
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, tryAgainMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new CommandFailed("the machine has not come so far in time"));
    });
  });
}
