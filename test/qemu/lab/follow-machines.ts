import { once } from "node:events";
import { CommandFailure } from "../../../provisioner/cli/exit-codes.ts";
import { type RecordSpec, type Watched, watched } from "./milestones.ts";
import { pause } from "./pause.ts";
import type { LabProvisioner } from "./provisioner.ts";

export interface FollowOptions {
  readonly learn: (machine: string, kind: Watched, spec: RecordSpec) => void;
  readonly signal: AbortSignal;
}

const pauseMs = 500;

/**
 * Tells every record of every machine, now and whenever it changes, until the signal. A provisioner that cannot be
 * reached is asked again: whether it is gone for good is told by its process.
 */
export async function followMachines(
  provisioner: LabProvisioner,
  { learn, signal }: FollowOptions,
): Promise<void> {
  const follow = async (kind: Watched) => {
    for await (const change of provisioner.api().watch(kind, {})) {
      if (change.type !== "bootstrapped" && change.type !== "destroyed")
        learn(change.resource.metadata.id, kind, change.resource.spec as RecordSpec);
    }
  };
  const aborted = once(signal, "abort");
  const forEver = async (kind: Watched) => {
    while (!signal.aborted) {
      await Promise.race([provisioner.ready, aborted]);
      try {
        await follow(kind);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof CommandFailure && error.ending === "unreachable")) throw error;
        await pause(pauseMs, signal);
      }
    }
  };
  await Promise.all(watched.map(forEver));
}
