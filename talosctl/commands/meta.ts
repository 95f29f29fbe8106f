// Commands that write what outlives an installation, and that wipe what does not.
import { Command, Option } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import {
  BlockDeviceWipeDescriptor_Method as Method,
  StorageService,
} from "../../api/gen/storage/storage_pb.js";
import { Answers } from "../answers.ts";
import type { Target } from "../connection.ts";
import type { Io } from "../io.ts";
import { alsoInsecure, machineCommand, withConnection } from "./command.ts";

/** `10` or `0xa`. */
const key = (text: string) => Number(text);

export const metaCommand = (io: Io): Command =>
  new Command("meta")
    .description("Write and delete keys in the META partition")
    .addCommand(
      alsoInsecure(machineCommand("write", "Write a key-value pair to the META partition."))
        .argument("<key>")
        .argument("<value>")
        .action(async (name: string, value: string, options: Target) =>
          withConnection(options, io, async (connection) => {
            const request = { key: key(name), value: Buffer.from(value) };
            const { messages } = await connection.calls(MachineService).metaWrite(request, connection.all());
            new Answers(messages, connection).settle();
          }),
        ),
    )
    .addCommand(
      alsoInsecure(machineCommand("delete", "Delete a key from the META partition."))
        .argument("<key>")
        .action(async (name: string, options: Target) =>
          withConnection(options, io, async (connection) => {
            const calls = connection.calls(MachineService);
            const { messages } = await calls.metaDelete({ key: key(name) }, connection.all());
            new Answers(messages, connection).settle();
          }),
        ),
    );

const methods = { FAST: Method.FAST, ZEROES: Method.ZEROES } as const;

interface WipeOptions {
  readonly method: keyof typeof methods;
  readonly skipVolumeCheck: boolean;
  readonly dropPartition: boolean;
}

export const wipeCommand = (io: Io): Command =>
  new Command("wipe").description("Wipe block device or volumes").addCommand(
    alsoInsecure(
      machineCommand("disk", "Wipe a block device (disk or partition) which is not used as a volume"),
    )
      .argument("<devices...>", "as the kernel names them: sda, nvme0n1")
      .addOption(new Option("--method <method>", "how").choices(Object.keys(methods)).default("FAST"))
      .option("--skip-volume-check", "also what is in use as a volume", false)
      .option("--drop-partition", "and take a partition out of its table", false)
      .action(async (names: readonly string[], options: Target & WipeOptions) =>
        withConnection(options, io, async (connection) => {
          const { method, skipVolumeCheck, dropPartition } = options;
          const how = { method: methods[method], skipVolumeCheck, dropPartition };
          const devices = names.map((device) => ({ device, ...how }));
          const way = { ...connection.all(), deadlineMs: Infinity };
          const { messages } = await connection.calls(StorageService).blockDeviceWipe({ devices }, way);
          new Answers(messages, connection).settle();
        }),
      ),
  );
