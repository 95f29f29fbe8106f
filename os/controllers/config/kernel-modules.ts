import { collectionController, controller } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { the } from "../../../cosi/engine/reads.ts";
import { kernelSettings } from "../../../machine-config/settings/kernel.ts";
import type { RunTool } from "../../kernel/run-tool.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { KernelModuleSpec } from "../../resources/runtime/kernel.ts";
import { configIn } from "./config-in.ts";

export const kernelModuleSpecs = collectionController({
  name: "KernelModuleConfig",
  reads: { config: the(MachineConfig, "v1alpha1") },
  owns: many(KernelModuleSpec),
  reconcile({ config }) {
    const modules = config ? kernelSettings(configIn(config)).modules : [];
    const outputs = modules.map(({ name, parameters }) => [
      name,
      { spec: { name, parameters: [...parameters] } },
    ]);
    return { do: "set", outputs: Object.fromEntries(outputs) };
  },
});

/** Loads them, and what they need. One that is asked for no longer stays: what uses it is not known. */
export const kernelModules = ({ run, loaded }: { run: RunTool; loaded: () => Promise<void> }) =>
  controller({
    name: "KernelModuleSpec",
    each: KernelModuleSpec,
    async reconcile({ spec: { name, parameters } }) {
      await run("/sbin/modprobe", ["--", name, ...parameters]);
      await loaded();
      return { do: "done" };
    },
  });
