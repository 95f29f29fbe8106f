// Commands that end or replace a machine's running system.
import { type Command, Option } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import {
  RebootRequest_Mode as RebootMode,
  ResetRequest_WipeMode as WipeMode,
} from "../../api/gen/machine/power_pb.js";
import { eachNode } from "../answers.ts";
import type { Target } from "../connection.ts";
import type { Io } from "../io.ts";
import { alsoInsecure, machineCommand, withConnection } from "./command.ts";
import { type Draining, draining, refuseToDrain } from "./draining.ts";
import { doToEach, type Waiting, waiting } from "./waiting.ts";

const rebootModes = {
  default: RebootMode.DEFAULT,
  powercycle: RebootMode.POWERCYCLE,
  force: RebootMode.FORCE,
} as const;

export const rebootCommand = (io: Io): Command =>
  draining(waiting(machineCommand("reboot", "Reboot a node")))
    .addOption(new Option("-m, --mode <mode>", "how").choices(Object.keys(rebootModes)).default("default"))
    .action(async (options: Waiting & Draining & { mode: keyof typeof rebootModes }) => {
      refuseToDrain(options);
      await doToEach(io, options, "it is back", async (connection, node) => {
        const request = { mode: rebootModes[options.mode] };
        const calls = connection.calls(MachineService);
        const { messages } = await calls.reboot(request, connection.at(node));
        return messages[0]?.actorId ?? "";
      });
    });

export const shutdownCommand = (io: Io): Command =>
  waiting(machineCommand("shutdown", "Shutdown a node"))
    .option("--force", "without leaving the cluster in order", false)
    .action((options: Waiting & { force: boolean }) =>
      doToEach(io, options, "it is gone", async (connection, node) => {
        const calls = connection.calls(MachineService);
        const { messages } = await calls.shutdown({ force: options.force }, connection.at(node));
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
  alsoInsecure(waiting(machineCommand("reset", "Reset a node")))
    .option("--graceful", "leave the cluster in order", true)
    .option("--no-graceful", "do not")
    .option("--reboot", "restart afterwards instead of powering off", false)
    .option("--system-labels-to-wipe <labels>", "only these partitions", list)
    .option("--user-disks-to-wipe <devices>", "these disks, too", list)
    .addOption(
      new Option("--wipe-mode <mode>", "what is wiped").choices(Object.keys(wipeModes)).default("all"),
    )
    .action((options: ResetOptions) =>
      doToEach(io, options, options.reboot ? "it is back" : "it is gone", async (connection, node) => {
        const request = {
          graceful: options.graceful,
          reboot: options.reboot,
          systemPartitionsToWipe: (options.systemLabelsToWipe ?? []).map((label) => ({ label, wipe: true })),
          userDisksToWipe: [...(options.userDisksToWipe ?? [])],
          mode: wipeModes[options.wipeMode],
        };
        const { messages } = await connection.calls(MachineService).reset(request, connection.at(node));
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
