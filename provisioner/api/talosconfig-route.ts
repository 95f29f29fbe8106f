// What talosctl needs to operate the nodes that machines have become: for each of their clusters a context, with a
// certificate that is good for a while.
import { z } from "zod";
import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import { type ClientConfig, clientConfigText } from "../../machine-config/client-config.ts";
import { generateClientConfig } from "../../machine-config/generate/configs.ts";
import { hour } from "../../pki/lifetimes.ts";
import { role as nodeRole } from "../../pki/roles.ts";
import { findSecrets } from "../profiles/cluster-secrets.ts";
import { Assignment } from "../resources/assignment.ts";
import { Installation } from "../resources/installation.ts";
import { Profile } from "../resources/profile.ts";
import { roles } from "../resources/roles.ts";
import { Problem } from "./problem.ts";
import { isScoped, type Reader } from "./reader.ts";
import { root } from "./resource-routes.ts";
import type { Route } from "./route.ts";

const body = z.strictObject({
  /** None: all that are nodes. */
  machines: z.array(z.string()).max(10_000).default([]),
  /** On the nodes. Not more than the token's own; that unless told otherwise. */
  role: z.enum(roles).optional(),
  hours: z.number().min(0.1).max(8760).default(12),
});

export interface TalosconfigOptions {
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
  readonly reader: Reader;
}

interface Member {
  readonly as: "controlplane" | "worker";
  readonly address: string;
}

export function talosconfigRoute({ state, clock, reader }: TalosconfigOptions): Route {
  return {
    method: "POST",
    path: `${root}/machines/talosconfig`,
    role: "operator",
    operation: "machines.talosconfig",
    about:
      "What talosctl needs for the nodes that machines have become: a talosconfig with a new certificate.",
    body,
    handle: async ({ body: sent, who }) => {
      const { machines, role = who.role, hours } = sent as z.output<typeof body>;
      if (isScoped(who)) {
        throw new Problem(
          403,
          "the token is for some machines, and a talosconfig for all nodes of a cluster",
        );
      }
      if (roles.indexOf(role) > roles.indexOf(who.role)) {
        throw new Problem(403, `the token has the role ${who.role}: it cannot give ${role}`);
      }
      for (const id of machines) await reader.machine(who, id);
      const clusters = await membersOf(state, machines);
      const contexts: Record<string, ClientConfig["contexts"][string]> = {};
      for (const [clusterName, members] of [...clusters].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const secrets = await findSecrets(state, clusterName);
        if (!secrets) throw new Problem(409, `the secrets of cluster ${clusterName} are still being made`);
        const nodes = members.map(({ address }) => address).sort();
        // Only control planes forward to others.
        const controlPlanes = members.filter(({ as }) => as === "controlplane").map(({ address }) => address);
        const endpoints = controlPlanes.length > 0 ? controlPlanes.sort() : nodes;
        const lifetimeMs = hours * hour;
        const plan = { clusterName, secrets, clock, endpoints, roles: [nodeRole[role]], lifetimeMs };
        const { contexts: made } = await generateClientConfig(plan);
        contexts[clusterName] = { ...made[clusterName]!, nodes };
      }
      const talosconfig = { context: Object.keys(contexts)[0]!, contexts };
      return { status: 201, body: { talosconfig: clientConfigText(talosconfig) } };
    },
  };
}

/** The nodes among the machines, by their clusters; throws with the reason where one that was named is none. */
async function membersOf(state: State, wanted: readonly string[]): Promise<ReadonlyMap<string, Member[]>> {
  const [assignments, installations, profiles] = await Promise.all([
    indexed(state.list(Assignment)),
    indexed(state.list(Installation)),
    indexed(state.list(Profile)),
  ]);
  const clusters = new Map<string, Member[]>();
  for (const id of wanted.length > 0 ? wanted : assignments.keys()) {
    const assignment = assignments.get(id);
    const memberOf = assignment && profiles.get(assignment.spec.profile)?.spec.memberOf;
    const node = installations.get(id)?.spec.node;
    const address = node && "address" in node ? node.address : undefined;
    if (memberOf && address) {
      const members = clusters.get(memberOf.cluster) ?? [];
      clusters.set(memberOf.cluster, [...members, { as: memberOf.as, address }]);
    } else if (wanted.length > 0) {
      const why = !assignment ? "not assigned" : !memberOf ? "not one of a cluster" : "not seen running yet";
      throw new Problem(409, `${id} is ${why}`);
    }
  }
  if (clusters.size === 0) throw new Problem(409, "no machine is a node yet");
  return clusters;
}

interface Named {
  readonly metadata: { readonly id: string };
}

const indexed = async <One extends Named>(list: Promise<{ readonly resources: readonly One[] }>) =>
  new Map((await list).resources.map((one) => [one.metadata.id, one]));
