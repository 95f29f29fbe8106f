import { parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import type { Context } from "../context.ts";

/** Waits for a config that says what the machine is to be; those that say less are followed meanwhile. */
export async function untilConfigured({ state, log }: Pick<Context, "state" | "log">, signal: AbortSignal) {
  log.write("info", "boot sequence done: waiting for a machine config");
  for await (const _ of state.watch(MachineConfig, { id: "v1alpha1", signal })) {
    const config = await state.find(MachineConfig, "v1alpha1");
    if (!config || !parseMachineConfig(config.spec.yaml).v1alpha1) continue;
    log.write("info", `the machine config is from ${config.spec.from}`);
    return;
  }
  signal.throwIfAborted();
}
