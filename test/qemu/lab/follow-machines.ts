import type { ApiClient } from "../../../provisioner/cli/api-client.ts";
import { type RecordSpec, type Watched, watched } from "./milestones.ts";

export interface FollowOptions {
  readonly learn: (machine: string, kind: Watched, spec: RecordSpec) => void;
  readonly signal: AbortSignal;
}

/** Tells every record of every machine, now and whenever it changes, until the signal. */
export async function followMachines(api: ApiClient, { learn, signal }: FollowOptions): Promise<void> {
  const follow = async (kind: Watched) => {
    for await (const change of api.watch(kind, {})) {
      if (change.type !== "bootstrapped" && change.type !== "destroyed")
        learn(change.resource.metadata.id, kind, change.resource.spec as RecordSpec);
    }
  };
  try {
    await Promise.all(watched.map(follow));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
