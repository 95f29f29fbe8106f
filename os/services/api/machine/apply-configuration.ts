import { ApplyConfigurationRequest_Mode as Mode } from "../../../../api/gen/machine/configuration_pb.js";
import { GrpcError } from "../../../../api/grpc/error.ts";
import { diagnosticText, InvalidMachineConfig } from "../../../../machine-config/decode/diagnostic.ts";
import { type MachineConfig, parseMachineConfig } from "../../../../machine-config/machine-config.ts";
import { goDuration } from "../../../../machine-config/schema/duration.ts";
import { assertValid } from "../../../../machine-config/validation.ts";
import type { ConfigKeeper } from "../../config/config-keeper.ts";
import { textDiff } from "../../config/text-diff.ts";
import { unusedSettings } from "../../config/unused-settings.ts";
import { type MachineHandlers, one } from "./handler.ts";

export interface ApplyConfigurationDependencies {
  readonly config: ConfigKeeper;
  /** Whether there is a system on any disk: nobody needs to say where it goes, then. */
  readonly isInstalled: () => Promise<boolean>;
}

const defaultTryMs = 60_000;

const details = {
  [Mode.NO_REBOOT]: "Applied configuration without a reboot",
  [Mode.TRY]: "Applied configuration without a reboot",
  [Mode.STAGED]: "Staged configuration to be applied after the next reboot",
} as const;

type Decided = keyof typeof details;

export const applyConfiguration = ({
  config: keeper,
  isInstalled,
}: ApplyConfigurationDependencies): MachineHandlers<"applyConfiguration"> => ({
  async applyConfiguration({ data, mode: asked, dryRun, tryModeTimeout }) {
    const answer = await keeper.alone(async () => {
      const { current } = keeper;
      const { next, warnings } = accepted(data, (await isInstalled()) ? "cloud" : "metal");
      const inMaintenance = !current?.v1alpha1;
      if (!inMaintenance && !next.v1alpha1) {
        const why = "the applied machine configuration doesn't contain v1alpha1 config";
        throw new GrpcError("invalidArgument", `${why}, did you mean to patch the machine config instead?`);
      }
      const mode = decide(asked, { inMaintenance });
      if (dryRun) {
        const modeDetails = `Dry run summary:\n${details[mode]} (skipped in dry-run).\n${diffOf(current, next)}`;
        return one({ mode, warnings, modeDetails });
      }
      const modeDetails = await apply(next, mode);
      return one({ mode, warnings, modeDetails });
    });
    if (!answer)
      throw new GrpcError("failedPrecondition", "another apply configuration is already in progress");
    return answer;

    async function apply(next: MachineConfig, mode: Decided): Promise<string> {
      if (mode === Mode.TRY) {
        const timeoutMs = tryModeTimeout
          ? Number(tryModeTimeout.seconds) * 1000 + tryModeTimeout.nanos / 1e6
          : defaultTryMs;
        if (!keeper.current?.v1alpha1) {
          throw new GrpcError("failedPrecondition", "there is no configuration to go back to after a try");
        }
        await keeper.try(next, timeoutMs);
        return `${details[mode]}\nThe config is applied in 'try' mode and will be automatically reverted back in ${goDuration(timeoutMs)}`;
      }
      if (mode === Mode.NO_REBOOT) await keeper.apply(next);
      else await keeper.stage(next);
      return details[mode];
    }
  },
});

function accepted(data: Uint8Array, mode: "cloud" | "metal") {
  try {
    const next = parseMachineConfig(Buffer.from(data).toString());
    return { next, warnings: [...assertValid(next, mode).map(diagnosticText), ...unusedSettings(next)] };
  } catch (error) {
    if (!(error instanceof InvalidMachineConfig)) throw error;
    throw new GrpcError("invalidArgument", error.message, { cause: error });
  }
}

/**
 * Nothing that a config says takes a restart to follow, so AUTO never restarts a machine under whoever works on it. Before
 * v1.14 upstream took REBOOT from anybody; later it refuses it, in these words, but to a machine in maintenance.
 */
function decide(asked: Mode, { inMaintenance }: { readonly inMaintenance: boolean }): Decided {
  switch (asked) {
    case Mode.AUTO:
    case Mode.NO_REBOOT:
      return Mode.NO_REBOOT;
    case Mode.TRY:
      // There is nothing to go back to.
      return inMaintenance ? Mode.NO_REBOOT : Mode.TRY;
    case Mode.STAGED:
      return Mode.STAGED;
    case Mode.REBOOT:
      if (inMaintenance) return Mode.NO_REBOOT;
      throw new GrpcError(
        "unimplemented",
        "the REBOOT mode is not supported, please use AUTO or NO_REBOOT modes instead",
      );
    default:
      throw new GrpcError(
        "invalidArgument",
        `incorrect mode '${String(asked)}' specified for the apply config call`,
      );
  }
}

function diffOf(current: MachineConfig | undefined, next: MachineConfig): string {
  const diff = textDiff(current?.text ?? "", next.text);
  return `Config diff:\n\n${diff === "" ? "No changes." : diff}`;
}
