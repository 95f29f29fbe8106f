import { collectionController } from "../../../cosi/engine/controller.ts";
import { the } from "../../../cosi/engine/reads.ts";
import { timeSettings } from "../../../machine-config/settings/time.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { TimeSyncSpec, timeStatusId } from "../../resources/time-status.ts";
import { configIn } from "./config-in.ts";

/** Whether the clock is to be kept right at all, and how long others wait for it. */
export const timeSyncSettings = collectionController({
  name: "TimeSyncConfig",
  reads: { config: the(MachineConfig, "v1alpha1") },
  owns: the(TimeSyncSpec, timeStatusId),
  reconcile({ config }) {
    if (!config) return { do: "remove", why: "there is no machine config" };
    const { enabled, bootTimeoutMs } = timeSettings(configIn(config));
    return { do: "set", spec: { enabled, bootTimeoutMs } };
  },
});
