import { runtime } from "../../../cosi/engine/runtime.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { machineStatus } from "../../controllers/runtime/machine-status.ts";
import { MachineStage } from "../../resources/runtime/node.ts";
import type { Context } from "../context.ts";
import { stageAfter } from "../stage.ts";

export function startNodeControllers({ state, log, journal }: Context, signal: AbortSignal): void {
  const failed = (error: unknown) => log.write("error", `controllers: ${String(error)}`);
  const owned = state.as("Sequencer");
  let writing: Promise<unknown> = Promise.resolve();
  journal.follow((step) => {
    const stage = stageAfter(step);
    if (stage === undefined) return;
    writing = writing.then(() => owned.set(MachineStage, "machine", { spec: { stage } })).catch(failed);
  });
  const engine = runtime({
    state,
    clock: systemClock,
    random: Math.random,
    controllers: [machineStatus],
    log: {
      info: (message) => log.write("debug", message),
      warn: (message, { error }) =>
        log.write("warn", error instanceof Error ? `${message}: ${error.message}` : message),
    },
  });
  void engine.run(signal).catch(failed);
}
