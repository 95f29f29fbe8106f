// What the system of a machine says of itself: of a node that is one of our clusters over its API, as an operator would
// ask it; of any other, whether something is there.
import { parse } from "yaml";
import * as z from "zod";
import { State as StateService } from "../../api/gen/cosi/state_pb.js";
import type { Channel } from "../../api/grpc/channel.ts";
import { client } from "../../api/grpc/client.ts";
import { GrpcError } from "../../api/grpc/error.ts";
import { role } from "../../pki/roles.ts";
import type { NodeAnswer, NodeTarget } from "../controllers/installation-controller.ts";
import type { NodeClients } from "./node-clients.ts";
import { probeNode } from "./probe-node.ts";

const patienceMs = 4_000;
const namespace = "runtime";

export const askNode =
  (clients: NodeClients) =>
  async ({ addresses, cluster, known }: NodeTarget, signal: AbortSignal): Promise<NodeAnswer> => {
    if (cluster === undefined) return (await probeNode(addresses, clients.port, signal)).answer;
    if (known !== undefined) {
      const answer = await askMember(clients, cluster, known, signal);
      if (answer.is !== "silent") return answer;
    }
    const { answer, address } = await probeNode(addresses, clients.port, signal);
    return answer.is === "ready" && address ? askMember(clients, cluster, address, signal) : answer;
  };

async function askMember(
  clients: NodeClients,
  cluster: string,
  address: string,
  signal: AbortSignal,
): Promise<NodeAnswer> {
  try {
    const channel = await clients.channel(cluster, address, role.reader);
    if (!channel) return { is: "silent", why: `the secrets of its cluster ${cluster} are still being made` };
    const [{ stage, status }, { version }, { bootID: bootId }] = await Promise.all([
      read(channel, "MachineStatuses", "machine", machineStatus, signal),
      read(channel, "Versions", "version", versions, signal),
      read(channel, "BootIDs", "boot-id", bootIds, signal),
    ]);
    const node = { address, ...(version && { version }), ...(bootId && { bootId }) };
    if (stage === "running" && status.ready) return { is: "ready", node };
    if (stage === "maintenance") return { is: "maintenance" };
    const missing = (status.unmetConditions ?? []).map(({ name, reason }) => `${name}: ${reason}`);
    return { is: "notReady", why: [stage || "it says nothing of its stage", ...missing].join("; "), node };
  } catch (error) {
    const why = error instanceof GrpcError ? error.details : String(error);
    return { is: "silent", why: `its node API at ${address}: ${why}` };
  }
}

async function read<Schema extends z.ZodType>(
  channel: Channel,
  plural: string,
  id: string,
  schema: Schema,
  signal: AbortSignal,
): Promise<z.output<Schema>> {
  const key = { namespace, type: `${plural}.${namespace}.talos.dev`, id };
  try {
    const { resource } = await client(StateService, channel).get(key, { deadlineMs: patienceMs, signal });
    return schema.parse(parse(resource?.spec?.yamlSpec ?? "") ?? {});
  } catch (error) {
    // While it boots it has not said it yet; older systems never do.
    if (error instanceof GrpcError && ["notFound", "permissionDenied"].includes(error.code))
      return schema.parse({});
    throw error;
  }
}

const machineStatus = z.looseObject({
  stage: z.string().default(""),
  status: z
    .looseObject({
      ready: z.boolean().default(false),
      unmetConditions: z.array(z.looseObject({ name: z.string(), reason: z.string() })).nullish(),
    })
    .prefault({}),
});
const versions = z.looseObject({ version: z.string().optional() });
const bootIds = z.looseObject({ bootID: z.string().optional() });
