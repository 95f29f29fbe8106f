import { once } from "node:events";
import { type RecordSpec, type Watched, watched } from "./milestones.ts";
import type { LabProvisioner } from "./provisioner.ts";

export interface FollowOptions {
  readonly learn: (machine: string, kind: Watched, spec: RecordSpec) => void;
  readonly signal: AbortSignal;
}

/**
 * Tells every record of every machine, now and whenever it changes, until the signal. While the provisioner is down,
 * because somebody made it so, it waits.
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
      const { stops } = provisioner;
      try {
        await follow(kind);
      } catch (error) {
        if (!signal.aborted && provisioner.stops === stops) throw error;
      }
    }
  };
  await Promise.all(watched.map(forEver));
}
