import { collectionController, controller } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { the } from "../../../cosi/engine/reads.ts";
import { durationMs, goDuration } from "../../../machine-config/schema/duration.ts";
import { watchdogSettings } from "../../../machine-config/settings/watchdog.ts";
import type { Watchdog } from "../../machined/watchdog.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { WatchdogTimerConfig, WatchdogTimerStatus } from "../../resources/runtime/watchdog.ts";
import { configIn } from "./config-in.ts";

/** The watchdog by which the config wants the machine to be guarded. */
export const watchdogSpecs = collectionController({
  name: "WatchdogTimerConfig",
  reads: { config: the(MachineConfig, "v1alpha1") },
  owns: many(WatchdogTimerConfig),
  reconcile({ config }) {
    const wanted = config && watchdogSettings(configIn(config));
    if (!wanted) return { do: "set", outputs: {} };
    const { device, timeoutMs } = wanted;
    return { do: "set", outputs: { timer: { spec: { device, timeout: goDuration(timeoutMs) } } } };
  },
});

export const watchdogTimers = (watchdog: Pick<Watchdog, "follow">) =>
  controller({
    name: "WatchdogTimer",
    each: WatchdogTimerConfig,
    owns: WatchdogTimerStatus,
    reconcile({ spec }) {
      const { device, ...did } = watchdog.follow({
        device: spec.device,
        timeoutMs: durationMs(spec.timeout),
      });
      const [timeout, feedInterval] = [did.timeoutMs, did.petEveryMs].map(goDuration) as [string, string];
      return { do: "set", spec: { device, timeout, feedInterval } };
    },
    teardown() {
      watchdog.follow(undefined);
      return { do: "remove" };
    },
  });
