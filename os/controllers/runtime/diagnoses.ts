import type { ResourceType, SpecOf } from "../../../cosi/resource.ts";
import type { VolumeStatus } from "../../resources/block.ts";
import type { SecurityState } from "../../resources/runtime/kernel.ts";
import type { KernelParamStatus } from "../../resources/runtime/kernel-param.ts";
import type { MachineStage } from "../../resources/runtime/node.ts";
import type { TrustedRoots } from "../../resources/runtime/trusted-roots.ts";
import type { Upgrade } from "../../resources/runtime/upgrade.ts";
import type { UserFileStatus } from "../../resources/runtime/user-file.ts";
import type { WatchdogTimerConfig, WatchdogTimerStatus } from "../../resources/runtime/watchdog.ts";
import type { TimeStatus } from "../../resources/time-status.ts";

type ById<Type extends ResourceType> = ReadonlyMap<string, SpecOf<Type>>;

export interface DiagnosedFacts {
  readonly stage: SpecOf<typeof MachineStage>["stage"] | undefined;
  readonly time: SpecOf<typeof TimeStatus> | undefined;
  /** A sentence for each reason why parts of the config are not used. */
  readonly unused: readonly string[];
  readonly security: SpecOf<typeof SecurityState> | undefined;
  readonly files: ById<typeof UserFileStatus>;
  readonly volumes: ById<typeof VolumeStatus>;
  readonly roots: ById<typeof TrustedRoots>;
  readonly kernelParams: ById<typeof KernelParamStatus>;
  readonly watchdogs: ById<typeof WatchdogTimerConfig>;
  readonly watchdogsAtWork: ById<typeof WatchdogTimerStatus>;
  readonly upgrade: SpecOf<typeof Upgrade> | undefined;
}

/** What is wrong of each, in sentences; nothing when all is well. */
const diagnoses: readonly (readonly [
  id: string,
  message: string,
  found: (facts: DiagnosedFacts) => readonly string[],
])[] = [
  ["clock", "the clock is not kept right", clockFaults],
  ["config-not-used", "parts of the machine config are kept, and not used", ({ unused }) => unused],
  [
    "files",
    "files of the machine config are not there",
    ({ files }) => messages([...files.values()].map(({ errorMessage }) => errorMessage)),
  ],
  ["hardening", "the node is easier to take over than it has to be", ({ security }) => security?.unmet ?? []],
  [
    "kernel-parameters",
    "this kernel does not know parameters that it should have",
    ({ kernelParams }) => [...kernelParams].flatMap(([id, { unsupported }]) => (unsupported ? [id] : [])),
  ],
  [
    "trusted-roots",
    "authorities of the machine config are not trusted",
    ({ roots }) => messages([...roots.values()].map(({ errorMessage }) => errorMessage)),
  ],
  [
    "upgrade",
    "the last upgrade has failed, and the system before it runs",
    ({ upgrade }) => (upgrade?.phase === "failed" ? [`${upgrade.image}: ${upgrade.reason}`] : []),
  ],
  [
    "volumes",
    "volumes cannot be used",
    ({ volumes }) =>
      [...volumes].flatMap(([id, { phase, errorMessage }]) =>
        phase === "failed" ? [`${id}: ${errorMessage}`] : [],
      ),
  ],
  [
    "watchdog",
    "the node is not guarded by the watchdog that the machine config names",
    ({ watchdogs, watchdogsAtWork }) =>
      [...watchdogs].flatMap(([id, { device, timeout }]) =>
        watchdogsAtWork.has(id) ? [] : [`${device}, ${timeout}: the log of machined says why`],
      ),
  ],
];

export const diagnose = (
  facts: DiagnosedFacts,
): ReadonlyMap<string, { message: string; details: string[] }> =>
  new Map(
    diagnoses.flatMap(([id, message, found]) => {
      const details = [...found(facts)];
      return details.length === 0 ? [] : [[id, { message, details }]];
    }),
  );

/** While it boots nobody expects it. */
function clockFaults({ stage, time }: DiagnosedFacts): string[] {
  if (stage !== "running") return [];
  if (time?.syncDisabled) return ["the machine config has switched it off"];
  return time?.synced && time.server !== "" ? [] : ["no time server has answered yet"];
}

const messages = (errors: readonly string[]) => errors.filter((text) => text !== "");
