// Commands that change a machine's config.
import { readFile } from "node:fs/promises";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import { State } from "../../api/gen/cosi/state_pb.js";
import { ApplyConfigurationRequest_Mode as Mode } from "../../api/gen/machine/configuration_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { parseMachineConfig } from "../../machine-config/machine-config.ts";
import { applyPatches, parsePatch } from "../../machine-config/patch/patch.ts";
import { Answers, throwFailures } from "../answers.ts";
import { type Connection, callFailure, type Target } from "../connection.ts";
import { parseDuration } from "../duration.ts";
import { CommandFailed, type Io } from "../io.ts";
import { readResource } from "../resources.ts";
import { alsoInsecure, machineCommand, withConnection } from "./command.ts";

const modes = {
  auto: Mode.AUTO,
  "no-reboot": Mode.NO_REBOOT,
  staged: Mode.STAGED,
  try: Mode.TRY,
} as const;

interface Options extends Target {
  readonly mode: keyof typeof modes;
  readonly dryRun?: boolean;
  readonly timeout: string;
}

const applying = (command: Command): Command =>
  command
    .addOption(
      new Option("-m, --mode <mode>", "apply config mode").choices(Object.keys(modes)).default("auto"),
    )
    .option("--dry-run", "check how the config change will be applied in dry-run mode")
    .option("--timeout <duration>", "after it a config that is tried is taken back", "1m0s");

const several = (value: string, before: readonly string[] = []) => [...before, value];

/** Inline, or `@file`. */
const patchOf = async (patch: string) =>
  parsePatch(patch.startsWith("@") ? await readFile(patch.slice(1), "utf8") : patch);

export const applyConfigCommand = (io: Io): Command =>
  applying(alsoInsecure(machineCommand("apply-config", "Apply a new configuration to a node")))
    .alias("apply")
    .requiredOption("-f, --file <path>", "the new configuration")
    .option("-p, --config-patch <patch>", "changes to it, before it is sent", several)
    .action(async (options: Options & { file: string; configPatch?: readonly string[] }) => {
      const text = await readFile(options.file, "utf8");
      const patches = await Promise.all((options.configPatch ?? []).map(patchOf));
      const data = patches.length === 0 ? text : applyPatches(parseMachineConfig(text), patches).text;
      await withConnection(options, io, (connection) =>
        apply(connection, io, options, connection.all(), data),
      );
    });

type Way = ReturnType<Connection["all"]>;

async function apply(
  connection: Connection,
  io: Io,
  options: Options,
  way: Way,
  text: string,
): Promise<void> {
  const request = {
    data: Buffer.from(text),
    mode: modes[options.mode],
    dryRun: options.dryRun ?? false,
    tryModeTimeout: durationFromMs(parseDuration(options.timeout)),
  };
  const { messages } = await connection.calls(MachineService).applyConfiguration(request, way);
  const answers = new Answers(messages, connection);
  for (const { answer } of answers.good) {
    for (const warning of answer.warnings) io.error(`WARNING: ${warning}\n`);
    if (answer.modeDetails !== "") io.error(`${answer.modeDetails}\n`);
  }
  answers.settle();
}

export const patchCommand = (io: Io): Command =>
  applying(machineCommand("patch", "Patch machine configuration of a Talos node with a local patch."))
    .argument("<type>", "mc")
    .argument("[id]", "v1alpha1")
    .option("--namespace <namespace>", "accepted for compatibility: a config is in one namespace alone")
    .option("-p, --patch <patch>", "the change, inline or @file", several)
    .option("--patch-file <path>", "a file with the change", several)
    .action(
      async (
        type: string,
        id: string | undefined,
        options: Options & { patch?: readonly string[]; patchFile?: readonly string[] },
      ) => {
        const given = [...(options.patch ?? []), ...(options.patchFile ?? []).map((path) => `@${path}`)];
        if (given.length === 0) throw new CommandFailed("patch is required: use --patch or --patch-file");
        const patches = await Promise.all(given.map(patchOf));
        await changeEach(
          io,
          options,
          { type, id },
          async (text) => applyPatches(parseMachineConfig(text), patches).text,
        );
      },
    );

export const editCommand = (io: Io): Command =>
  applying(machineCommand("edit", "Edit Talos node machine configuration with the default editor."))
    .option("--namespace <namespace>", "accepted for compatibility: a config is in one namespace alone")
    .argument("<type>", "mc")
    .argument("[id]", "v1alpha1")
    .action(async (type: string, id: string | undefined, options: Options) =>
      changeEach(io, options, { type, id }, io.edit),
    );

const machineConfigType = "MachineConfigs.config.talos.dev";
const names = ["mc", "machineconfig", "machineconfigs", machineConfigType.toLowerCase()];

/** Reads each node's config, changes it, and gives it back. */
async function changeEach(
  io: Io,
  options: Options,
  { type, id = "v1alpha1" }: { type: string; id: string | undefined },
  change: (text: string) => Promise<string>,
): Promise<void> {
  if (!names.includes(type.toLowerCase())) {
    throw new CommandFailed("only the machineconfig resource can be changed");
  }
  await withConnection(options, io, async (connection) => {
    const failures: string[] = [];
    for (const node of connection.nodes) {
      try {
        const key = { namespace: "config", type: machineConfigType, id };
        const { resource } = await connection.calls(State).get(key, connection.at(node));
        const before = String(readResource(resource).spec);
        const after = await change(before);
        if (after === before) io.error(`${node}: no changes\n`);
        else {
          await apply(connection, io, options, connection.at(node), after);
          io.out(`patched ${machineConfigType}/${id} at the node ${node}\n`);
        }
      } catch (error) {
        failures.push(`${node}: ${callFailure(error)}`);
      }
    }
    throwFailures(failures);
  });
}
