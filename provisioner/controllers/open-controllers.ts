import type { Clock } from "../../cosi/clock.ts";
import type { Controller } from "../../cosi/engine/controller.ts";
import type { Leadership } from "../../cosi/engine/leadership.ts";
import type { Log } from "../../cosi/engine/runner.ts";
import { type Runtime, runtime } from "../../cosi/engine/runtime.ts";
import type { State } from "../../cosi/state.ts";
import { recordsOf } from "../services/machine-records.ts";
import { admissionController } from "./admission-controller.ts";
import { agentCommandController } from "./agent-command-controller.ts";
import { bmcAccountController } from "./bmc-account-controller.ts";
import { type ClusterDependencies, clusterController } from "./cluster-controller.ts";
import { type InstallationDependencies, installationController } from "./installation-controller.ts";
import { lifeController } from "./life-controller.ts";
import { type NodeCommandDependencies, nodeCommandController } from "./node-command-controller.ts";
import { type PowerDependencies, powerController } from "./power-controller.ts";
import { releaseController } from "./release-controller.ts";
import { removalController } from "./removal-controller.ts";
import { wipeController } from "./wipe-controller.ts";

export interface ControllersOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly log: Log;
  /** For the jitter of back-offs. */
  readonly random: () => number;
  /** Fit for secrets. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly newId: () => string;
  readonly powerOf: PowerDependencies["powerOf"];
  readonly askNode: InstallationDependencies["askNode"];
  readonly nodes: NodeCommandDependencies["nodes"];
  readonly makeSecrets: ClusterDependencies["makeSecrets"];
  readonly mostWipesAtOnce?: number | undefined;
  /** Where several provisioners share the state. */
  readonly leadership?: Leadership | undefined;
}

/** All that decides about machines, ready to run; a provisioner has one. */
export function openControllers(options: ControllersOptions): Runtime {
  const { state, clock, log, random, randomBytes, newId, powerOf, askNode, nodes, makeSecrets, leadership } =
    options;
  const { mostWipesAtOnce: mostAtOnce = 50 } = options;
  const controllers: readonly Controller[] = [
    admissionController({ clock }),
    lifeController({ clock }),
    bmcAccountController({ state, clock, randomBytes }),
    wipeController({ state, clock, newId, mostAtOnce }),
    powerController({ clock, powerOf, recordsOf: (machine) => recordsOf(state, machine) }),
    agentCommandController({ clock }),
    installationController({ state, clock, askNode }),
    nodeCommandController({ state, clock, nodes }),
    clusterController({ makeSecrets }),
    releaseController(),
    removalController({ state }),
  ];
  return runtime({ state, clock, controllers, log, random, ...(leadership && { leadership }) });
}
