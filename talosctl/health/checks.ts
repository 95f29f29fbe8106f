// What a cluster must be to be well, check by check; upstream's names for them, in upstream's order.
import { State } from "../../api/gen/cosi/state_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { StorageService } from "../../api/gen/storage/storage_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import { type Connection, callFailure } from "../connection.ts";
import { type Resource, readResource } from "../resources.ts";

export interface Member {
  readonly node: string;
  readonly type: "controlplane" | "worker";
}

export interface Check {
  readonly name: string;
  /** "OK", "SKIP" with a reason, or why it is not so. */
  readonly look: (connection: Connection, members: readonly Member[]) => Promise<string>;
}

/** Looks at one node: undefined when it is as it must be. Throws what the call throws. */
type Look = (connection: Connection, node: string) => Promise<string | undefined>;

export const checks: readonly Check[] = [
  { name: "etcd to be healthy", look: (on, members) => serviceIsWell(on, controlPlanes(members), "etcd") },
  {
    name: "apid to be ready",
    look: every(async (on, node) => {
      await on.calls(MachineService).version({}, on.at(node));
      return undefined;
    }),
  },
  {
    name: "all nodes memory sizes",
    look: every(async (on, node) => {
      const { messages } = await on.calls(MachineService).memory({}, on.at(node));
      return messages[0]?.meminfo?.memtotal ? undefined : "it tells no size of its memory";
    }),
  },
  {
    name: "all nodes disk sizes",
    look: every(async (on, node) => {
      const { messages } = await on.calls(StorageService).disks({}, on.at(node));
      return messages[0]?.disks.some(({ size }) => size > 0n) ? undefined : "it has no disk";
    }),
  },
  {
    name: "no diagnostics",
    look: every(async (on, node) => {
      const [first] = await listed(on, node, "Diagnostics.runtime.talos.dev");
      return first && `${first.metadata.id}: ${textOf(first.spec, "message")}`;
    }),
  },
  {
    name: "kubelet to be healthy",
    look: (on, members) => serviceIsWell(on, controlPlanes(members), "kubelet"),
  },
  {
    name: "all nodes to finish boot sequence",
    look: every(async (on, node) => {
      const [status] = await listed(on, node, "MachineStatuses.runtime.talos.dev");
      const stage = textOf(status?.spec, "stage");
      if (stage !== "running") return `it is ${stage}`;
      const { ready, unmetConditions: unmet } = (status!.spec as { status: Readiness }).status;
      return ready ? undefined : `it runs, but ${unmet.map(({ reason }) => reason).join(", ")}`;
    }),
  },
];

interface Readiness {
  readonly ready: boolean;
  readonly unmetConditions: readonly { readonly reason: string }[];
}

const controlPlanes = (members: readonly Member[]) => members.filter(({ type }) => type === "controlplane");

/** All that the nodes know of each other; where they know nobody, those that the command is for. */
export async function membersOf(connection: Connection): Promise<Member[]> {
  const [first = ""] = connection.nodes;
  const known = await listed(connection, first, "Members.cluster.talos.dev");
  if (known.length > 0) return known.map(({ spec }) => member(spec));
  return Promise.all(
    connection.nodes.map(async (node) => {
      const [type] = await listed(connection, node, "MachineTypes.config.talos.dev", "config");
      return { node, type: type?.spec === "worker" ? "worker" : "controlplane" };
    }),
  );
}

function member(spec: unknown): Member {
  const { addresses, machineType } = spec as { addresses: readonly string[]; machineType: string };
  return { node: addresses[0] ?? "", type: machineType === "worker" ? "worker" : "controlplane" };
}

function every(look: Look): Check["look"] {
  return async (connection, members) => {
    const troubles = await Promise.all(
      members.map(async ({ node }) => {
        const trouble = await look(connection, node).catch(callFailure);
        return trouble === undefined ? [] : [`${node}: ${trouble}`];
      }),
    );
    return troubles.flat().join("; ") || "OK";
  };
}

/** A node that has no such service needs none to be well: Kubernetes comes with its first config. */
async function serviceIsWell(on: Connection, members: readonly Member[], id: string): Promise<string> {
  let have = 0;
  const verdict = await every(async (_, node) => {
    const { messages } = await on.calls(MachineService).serviceList({}, on.at(node));
    const service = messages[0]?.services.find((it) => it.id === id);
    if (!service) return undefined;
    have += 1;
    const { healthy = false, unknown = true, lastMessage = "" } = service.health ?? {};
    if (service.state === "Running" && (healthy || unknown)) return undefined;
    return `service ${id} is ${service.state}${lastMessage === "" ? "" : `: ${lastMessage}`}`;
  })(on, members);
  return have === 0 && verdict === "OK" ? `SKIP: no node runs ${id}` : verdict;
}

/** Of a type that the node does not know there are none. */
async function listed(
  on: Connection,
  node: string,
  type: string,
  namespace = type.includes(".cluster.") ? "cluster" : "runtime",
): Promise<Resource[]> {
  try {
    return await Array.fromAsync(on.calls(State).list({ namespace, type }, on.at(node)), ({ resource }) =>
      readResource(resource),
    );
  } catch (error) {
    if (error instanceof GrpcError && ["permissionDenied", "notFound"].includes(error.code)) return [];
    throw error;
  }
}

function textOf(spec: unknown, field: string): string {
  const value = (spec as Readonly<Record<string, unknown>> | undefined)?.[field];
  return typeof value === "string" ? value : "unknown";
}
