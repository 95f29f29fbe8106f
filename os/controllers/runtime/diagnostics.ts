import { collectionController } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { all, the } from "../../../cosi/engine/reads.ts";
import type { ResourceOf, ResourceType, SpecOf } from "../../../cosi/resource.ts";
import type { MachineConfig as Config } from "../../../machine-config/machine-config.ts";
import { VolumeStatus } from "../../resources/block.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { Diagnostic } from "../../resources/runtime/diagnostic.ts";
import { SecurityState } from "../../resources/runtime/kernel.ts";
import { KernelParamStatus } from "../../resources/runtime/kernel-param.ts";
import { MachineStage } from "../../resources/runtime/node.ts";
import { TrustedRoots } from "../../resources/runtime/trusted-roots.ts";
import { Upgrade } from "../../resources/runtime/upgrade.ts";
import { UserFileStatus } from "../../resources/runtime/user-file.ts";
import { WatchdogTimerConfig, WatchdogTimerStatus } from "../../resources/runtime/watchdog.ts";
import { TimeStatus, timeStatusId } from "../../resources/time-status.ts";
import { unusedSettings } from "../../services/config/unused-settings.ts";
import { configIn } from "../config/config-in.ts";
import { diagnose } from "./diagnoses.ts";

/** Says what is not as it should be, for whoever looks: `talosctl get diagnostics`. */
export const diagnostics = collectionController({
  name: "Diagnostics",
  reads: {
    config: the(MachineConfig, "v1alpha1"),
    stage: the(MachineStage, "machine"),
    time: the(TimeStatus, timeStatusId),
    security: the(SecurityState, "securitystate"),
    files: all(UserFileStatus),
    volumes: all(VolumeStatus),
    roots: all(TrustedRoots),
    kernelParams: all(KernelParamStatus),
    watchdogs: all(WatchdogTimerConfig),
    watchdogsAtWork: all(WatchdogTimerStatus),
    upgrade: the(Upgrade, "upgrade"),
  },
  owns: many(Diagnostic),
  reconcile(inputs) {
    const { config, stage, time, security, upgrade } = inputs;
    const found = diagnose({
      unused: config ? unusedIn(configIn(config)) : [],
      ...{ stage: stage?.spec.stage, time: time?.spec, security: security?.spec, upgrade: upgrade?.spec },
      files: byId(inputs.files),
      volumes: byId(inputs.volumes),
      roots: byId(inputs.roots),
      kernelParams: byId(inputs.kernelParams),
      watchdogs: byId(inputs.watchdogs),
      watchdogsAtWork: byId(inputs.watchdogsAtWork),
    });
    const outputs = Object.fromEntries([...found].map(([id, spec]) => [id, { spec }]));
    return { do: "set", outputs };
  },
});

/** By the config that they are of: it seldom changes, and everything else that is looked at often does. */
const unused = new WeakMap<Config, readonly string[]>();

function unusedIn(config: Config): readonly string[] {
  const known = unused.get(config) ?? unusedSettings(config);
  unused.set(config, known);
  return known;
}

const byId = <Type extends ResourceType>(
  resources: readonly ResourceOf<Type>[],
): ReadonlyMap<string, SpecOf<Type>> =>
  new Map(resources.map(({ metadata, spec }) => [metadata.id, spec as SpecOf<Type>]));
