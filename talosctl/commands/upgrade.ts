import { type Command, Option } from "commander";
import { LifecycleService } from "../../api/gen/machine/lifecycle_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { RebootRequest_Mode, UpgradeRequest_RebootMode } from "../../api/gen/machine/power_pb.js";
import type { Connection } from "../connection.ts";
import { containerdOf, namespaceOption } from "../containerd.ts";
import type { Io } from "../io.ts";
import { machineCommand } from "./command.ts";
import { type Draining, draining, refuseToDrain } from "./draining.ts";
import { doToEach, type Waiting, waiting } from "./waiting.ts";
import { pullImage, type SystemImage, showProgress } from "./writing-systems.ts";

interface Options extends Waiting, Draining, SystemImage {
  readonly stage: boolean;
  readonly force: boolean;
  readonly preserve: boolean;
  readonly legacy: boolean;
  readonly rebootMode: "default" | "powercycle" | "force";
}

const rebootModes = {
  default: RebootRequest_Mode.DEFAULT,
  powercycle: RebootRequest_Mode.POWERCYCLE,
  force: RebootRequest_Mode.FORCE,
} as const;

export const upgradeCommand = (io: Io): Command =>
  draining(waiting(machineCommand("upgrade", "Upgrade Talos on the target node")))
    .requiredOption("-i, --image <image>", "the system to install")
    .option("-s, --stage", "install it at the next boot (legacy method)", false)
    .option("-f, --force", "without checks (legacy method)", false)
    .option("--preserve", "keep the data (legacy method)", true)
    .option("--legacy", "force use of legacy upgrade method", false)
    .addOption(namespaceOption("system"))
    .addOption(
      new Option("-m, --reboot-mode <mode>", "how to restart")
        .choices(Object.keys(rebootModes))
        .default("default"),
    )
    .action(async (options: Options) => {
      refuseToDrain(options);
      await doToEach(io, options, "it is back", async (connection, node) => {
        const asksForLegacy = options.legacy || options.stage || options.force;
        if (asksForLegacy || !(await hasLifecycle(connection, node)))
          return upgradeAtOnce(connection, node, options);
        await writeSystem(connection, io, node, options);
        const calls = connection.calls(MachineService);
        const request = { mode: rebootModes[options.rebootMode] };
        const { messages } = await calls.reboot(request, connection.at(node));
        return messages[0]?.actorId ?? "";
      });
    });

/** Machines upgrade step by step since 1.13.0-alpha.3; the old call does it all, and ends with 1.18. */
export function isStepByStep(tag: string): boolean {
  const [, major, minor, patch, alpha] = /^v(\d+)\.(\d+)\.(\d+)(?:-alpha\.(\d+))?/.exec(tag) ?? [];
  if (Number(major) !== 1) return false;
  if (Number(minor) !== 13 || Number(patch) > 0) return Number(minor) >= 13;
  return alpha === undefined || Number(alpha) > 2;
}

async function hasLifecycle(connection: Connection, node: string): Promise<boolean> {
  const { messages } = await connection.calls(MachineService).version({}, connection.at(node));
  return isStepByStep(messages[0]?.version?.tag ?? "");
}

/** Pulls the image, and writes the system that is in it beside the one that runs. */
async function writeSystem(connection: Connection, io: Io, node: string, options: Options): Promise<void> {
  await pullImage(connection, io, node, options);
  const { metadata, signal } = connection.at(node);
  const asked = { containerd: containerdOf[options.namespace], source: { imageName: options.image } };
  const answers = connection.calls(LifecycleService).upgrade(asked, { metadata, signal });
  await showProgress("upgrade", answers, (text) => io.error(`${node}: ${text}\n`));
}

async function upgradeAtOnce(connection: Connection, node: string, options: Options): Promise<string> {
  const { image, stage, force, preserve, rebootMode: mode } = options;
  const modes = UpgradeRequest_RebootMode;
  const rebootMode = mode === "powercycle" ? modes.POWERCYCLE : modes.DEFAULT;
  const request = { image, stage, force, preserve, rebootMode };
  const { messages } = await connection.calls(MachineService).upgrade(request, connection.at(node));
  return messages[0]?.actorId ?? "";
}
