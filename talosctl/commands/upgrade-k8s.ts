import type { Command } from "commander";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { eachNode } from "../answers.ts";
import type { Target } from "../connection.ts";
import { CommandFailed, type Io } from "../io.ts";
import { machineCommand, withConnection } from "./command.ts";

/**
 * Upstream's flags, so that nobody's script breaks in its arguments. Kubernetes comes with a later release of our nodes:
 * until then this says so, and of an upstream node that its own talosctl is the one to ask.
 */
export const upgradeKubernetesCommand = (io: Io): Command =>
  machineCommand("upgrade-k8s", "Upgrade Kubernetes control plane in the Talos cluster.")
    .option("--from <version>", "the Kubernetes control plane version to upgrade from")
    .option("--to <version>", "the Kubernetes control plane version to upgrade to")
    .option("--endpoint <url>", "the cluster control plane endpoint")
    .option("--dry-run", "skip the actual upgrade and show the upgrade plan instead")
    .option("--pre-pull-images [boolean]", "pre-pull images before upgrade")
    .option("--upgrade-kubelet [boolean]", "upgrade kubelet service")
    .option("--with-docs [boolean]", "accepted for compatibility")
    .option("--with-examples [boolean]", "accepted for compatibility")
    .option("--apiserver-image <image>", "kube-apiserver image to use")
    .option("--controller-manager-image <image>", "kube-controller-manager image to use")
    .option("--scheduler-image <image>", "kube-scheduler image to use")
    .option("--proxy-image <image>", "kube-proxy image to use")
    .option("--kubelet-image <image>", "kubelet image to use")
    .option("--manifests-force", "whether to recreate objects that contain immutable field changes")
    .option("--manifests-inventory-policy <policy>", "which objects are the cluster's own")
    .option("--manifests-no-prune", "whether pruning of previously applied objects should happen")
    .option("--manifests-reconcile-timeout <duration>", "how long to wait for resources")
    .action((options: Target) =>
      withConnection(options, io, async (connection) => {
        const calls = connection.calls(MachineService);
        const { good, settle } = await eachNode(connection, (node) =>
          calls.serviceList({}, connection.at(node)),
        );
        settle();
        const runs = good.find(({ answer }) =>
          answer.messages.some(({ services }) => services.some(({ id }) => id === "kubelet")),
        );
        throw new CommandFailed(
          runs
            ? `Cannot upgrade Kubernetes: ${runs.node} runs it, and this talosctl does not upgrade it yet; use upstream's`
            : "Cannot upgrade Kubernetes: no node that is asked runs it",
        );
      }),
    );
