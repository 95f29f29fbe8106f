import { isDeepStrictEqual } from "node:util";
import type { State } from "../../../cosi/state.ts";
import { parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { settingsOf } from "./extension-services.ts";

export interface RestartChangedOptions {
  readonly state: State;
  readonly services: Pick<Supervisor, "operate" | "standings">;
  readonly signal: AbortSignal;
}

/** Has those services of extensions begin again whose environment or files a new config has changed. Ends with the signal. */
export async function restartChanged({ state, services, signal }: RestartChangedOptions): Promise<void> {
  const known = new Map<string, ReturnType<typeof settingsOf>>();
  for await (const events of state.watch(MachineConfig, { id: "v1alpha1", signal })) {
    if (events.length === 0) continue;
    const found = await state.find(MachineConfig, "v1alpha1");
    const config = found && parseMachineConfig(found.spec.yaml);
    const changed = services.standings.filter(({ id }) => {
      if (!id.startsWith("ext-")) return false;
      const settings = settingsOf(config, id);
      const before = known.get(id);
      known.set(id, settings);
      return before !== undefined && !isDeepStrictEqual(before, settings);
    });
    // One that an operator has stopped stays so, and begins with what it is then.
    const running = changed.filter(({ state: now }) => now !== "Finished" && now !== "Failed");
    await Promise.all(running.map(({ id }) => services.operate("restart", id)));
  }
}
