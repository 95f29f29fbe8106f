import type { Command } from "commander";
import { LifecycleService } from "../../api/gen/machine/lifecycle_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { containerdOf, namespaceOption } from "../containerd.ts";
import type { Io } from "../io.ts";
import { machineCommand } from "./command.ts";
import { doToEach, type Waiting, waiting } from "./waiting.ts";
import { pullImage, type SystemImage, showProgress } from "./writing-systems.ts";

/** Upstream's v1.13 serves this and has no command for it. */
export const installCommand = (io: Io): Command =>
  waiting(machineCommand("install", "Install a machine that runs from memory, with the config that it has"))
    .argument("<disk>", "such as /dev/nvme0n1; refused when anything is found on it")
    .requiredOption("-i, --image <image>", "the system to install")
    .addOption(namespaceOption("system"))
    .action((disk: string, options: Waiting & SystemImage) =>
      doToEach(io, options, "it is back", async (connection, node) => {
        await pullImage(connection, io, node, options);
        const { metadata, signal } = connection.at(node);
        const asked = {
          containerd: containerdOf[options.namespace],
          source: { imageName: options.image },
          destination: { disk },
        };
        const answers = connection.calls(LifecycleService).install(asked, { metadata, signal });
        await showProgress("installation", answers, (text) => io.error(`${node}: ${text}\n`));
        const { messages } = await connection.calls(MachineService).reboot({}, connection.at(node));
        return messages[0]?.actorId ?? "";
      }),
    );
