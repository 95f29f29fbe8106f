import { controller } from "../../cosi/engine/controller.ts";
import { namedBy } from "../../cosi/engine/reads.ts";
import { Assignment } from "../resources/assignment.ts";
import { Profile } from "../resources/profile.ts";

export interface ClusterDependencies {
  /** Leaves those alone that there are. */
  readonly makeSecrets: (cluster: string) => Promise<void>;
}

/**
 * Makes the secrets of a cluster when the first machine is to be one of it. Nobody takes them away: nodes may run with
 * them for years.
 */
export const clusterController = ({ makeSecrets }: ClusterDependencies) =>
  controller({
    name: "Cluster",
    each: Assignment,
    reads: { profile: namedBy(Assignment, Profile, ({ spec }) => spec.profile) },
    concurrency: 4,
    timeoutMs: 60_000,

    async reconcile(_, { profile }) {
      const { memberOf } = profile?.spec ?? {};
      if (memberOf) await makeSecrets(memberOf.cluster);
      return { do: "done" };
    },
  });
