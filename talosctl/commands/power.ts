// Commands that end or replace a machine's running system.
import { type Command, Option } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import {
  RebootRequest_Mode as RebootMode,
  UpgradeRequest_RebootMode as UpgradeRebootMode,
  ResetRequest_WipeMode as WipeMode,
} from "../../api/gen/machine/power_pb.js";
import type { Client } from "../../api/grpc/client.ts";
import { eachNode } from "../answers.ts";
import type { Connection, Target } from "../connection.ts";
import { parseDuration } from "../duration.ts";
import type { Io } from "../io.ts";
import { type Tracking, track } from "../track.ts";
import { machineCommand, withConnection } from "./command.ts";

interface Waiting extends Target {
  readonly wait: boolean;
  readonly timeout: string;
}

const waiting = (command: Command): Command =>
  command
    .option("--wait", "wait until it is done, and show its progress", true)
    .option("--no-wait", "do not wait")
    .option("--timeout <duration>", "how long to wait", "30m0s");

/** Asks for it, and resolves to the actor whose events tell of it. */
type Start = (calls: Client<typeof MachineService>, way: ReturnType<Connection["at"]>) => Promise<string>;

/** Each node by itself, because each is followed by itself. */
const doToEach = (io: Io, options: Waiting, until: Tracking["until"], start: Start): Promise<void> =>
  withConnection(options, io, async (connection) => {
    const calls = connection.calls(MachineService);
    const timeoutMs = parseDuration(options.timeout);
    const { settle } = await eachNode(connection, async (node) => {
      const begin = () => start(calls, connection.at(node));
      if (options.wait) await track(node, { connection, io, timeoutMs, until }, begin);
      else await begin();
    });
    settle();
  });

const rebootModes = {
  default: RebootMode.DEFAULT,
  powercycle: RebootMode.POWERCYCLE,
  force: RebootMode.FORCE,
} as const;

export const rebootCommand = (io: Io): Command =>
  waiting(machineCommand("reboot", "Reboot a node"))
    .addOption(new Option("-m, --mode <mode>", "how").choices(Object.keys(rebootModes)).default("default"))
    .action((options: Waiting & { mode: keyof typeof rebootModes }) =>
      doToEach(io, options, "it is back", async (calls, way) => {
        const { messages } = await calls.reboot({ mode: rebootModes[options.mode] }, way);
        return messages[0]?.actorId ?? "";
      }),
    );

export const shutdownCommand = (io: Io): Command =>
  waiting(machineCommand("shutdown", "Shutdown a node"))
    .option("--force", "without leaving the cluster in order", false)
    .action((options: Waiting & { force: boolean }) =>
      doToEach(io, options, "it is gone", async (calls, way) => {
        const { messages } = await calls.shutdown({ force: options.force }, way);
        return messages[0]?.actorId ?? "";
      }),
    );

const wipeModes = {
  all: WipeMode.ALL,
  "system-disk": WipeMode.SYSTEM_DISK,
  "user-disks": WipeMode.USER_DISKS,
} as const;

interface ResetOptions extends Waiting {
  readonly graceful: boolean;
  readonly reboot: boolean;
  readonly systemLabelsToWipe?: readonly string[];
  readonly userDisksToWipe?: readonly string[];
  readonly wipeMode: keyof typeof wipeModes;
}

const list = (value: string, before: readonly string[] = []) => [...before, ...value.split(",")];

export const resetCommand = (io: Io): Command =>
  waiting(machineCommand("reset", "Reset a node"))
    .option("--graceful", "leave the cluster in order", true)
    .option("--no-graceful", "do not")
    .option("--reboot", "restart afterwards instead of powering off", false)
    .option("--system-labels-to-wipe <labels>", "only these partitions", list)
    .option("--user-disks-to-wipe <devices>", "these disks, too", list)
    .addOption(
      new Option("--wipe-mode <mode>", "what is wiped").choices(Object.keys(wipeModes)).default("all"),
    )
    .action((options: ResetOptions) =>
      doToEach(io, options, options.reboot ? "it is back" : "it is gone", async (calls, way) => {
        const request = {
          graceful: options.graceful,
          reboot: options.reboot,
          systemPartitionsToWipe: (options.systemLabelsToWipe ?? []).map((label) => ({ label, wipe: true })),
          userDisksToWipe: [...(options.userDisksToWipe ?? [])],
          mode: wipeModes[options.wipeMode],
        };
        const { messages } = await calls.reset(request, way);
        return messages[0]?.actorId ?? "";
      }),
    );

interface UpgradeOptions extends Waiting {
  readonly image: string;
  readonly stage: boolean;
  readonly force: boolean;
  readonly preserve: boolean;
  readonly rebootMode: "default" | "powercycle";
}

export const upgradeCommand = (io: Io): Command =>
  waiting(machineCommand("upgrade", "Upgrade Talos on the target node"))
    .requiredOption("-i, --image <image>", "the system to install")
    .option("-s, --stage", "install it at the next boot", false)
    .option("-f, --force", "without checks", false)
    .option("--preserve", "keep the data", true)
    .addOption(
      new Option("-m, --reboot-mode <mode>", "how to restart")
        .choices(["default", "powercycle"])
        .default("default"),
    )
    .action((options: UpgradeOptions) =>
      doToEach(io, options, "it is back", async (calls, way) => {
        const { image, stage, force, preserve, rebootMode } = options;
        const mode = rebootMode === "default" ? UpgradeRebootMode.DEFAULT : UpgradeRebootMode.POWERCYCLE;
        const request = { image, stage, force, preserve, rebootMode: mode };
        const { messages } = await calls.upgrade(request, way);
        return messages[0]?.actorId ?? "";
      }),
    );

export const rollbackCommand = (io: Io): Command =>
  machineCommand("rollback", "Rollback a node to the previous installation").action((options: Target) =>
    withConnection(options, io, async (connection) => {
      const calls = connection.calls(MachineService);
      const { settle } = await eachNode(connection, (node) => calls.rollback({}, connection.at(node)));
      settle();
    }),
  );
