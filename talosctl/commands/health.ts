import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { ClusterService } from "../../api/gen/cluster/cluster_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import { eachOf } from "../answers.ts";
import type { Connection, Target } from "../connection.ts";
import { parseDuration } from "../duration.ts";
import { type Check, checks, type Member, membersOf } from "../health/checks.ts";
import { CommandFailed, type Io } from "../io.ts";
import { machineCommand, withConnection } from "./command.ts";

interface Options extends Target {
  readonly server: boolean;
  readonly runE2e: boolean;
  readonly waitTimeout: string;
  readonly initNode?: string;
  readonly controlPlaneNodes?: readonly string[];
  readonly workerNodes?: readonly string[];
  readonly k8sEndpoint?: string;
}

const list = (value: string, before: readonly string[] = []) => [...before, ...value.split(",")];

export const healthCommand = (io: Io): Command =>
  machineCommand("health", "Check cluster health")
    .option("--control-plane-nodes <addresses>", "specify IPs of control plane nodes", list)
    .option("--init-node <address>", "specify IPs of init node")
    .option("--worker-nodes <addresses>", "specify IPs of worker nodes", list)
    .option("--k8s-endpoint <endpoint>", "use endpoint instead of kubeconfig default")
    .option("--server", "let a node do the checks, where it can", true)
    .option("--no-server", "do the checks from here")
    .option("--run-e2e", "run Kubernetes' own tests; only upstream's talosctl does", false)
    .option("--wait-timeout <duration>", "timeout to wait for the cluster to be ready", "20m0s")
    .action(async (options: Options) => {
      if (options.runE2e)
        throw new CommandFailed("Cannot run Kubernetes' tests: this talosctl does not speak to Kubernetes");
      await withConnection(options, io, async (connection) => {
        if (options.server && (await onServer(connection, io, options))) return;
        const timeout = AbortSignal.timeout(parseDuration(options.waitTimeout));
        const members = given(options) ?? (await membersOf(connection));
        const signal = AbortSignal.any([io.signal, timeout]);
        for (const check of checks) await waitFor(check, { connection, io, members, signal });
      });
    });

function given({ initNode, controlPlaneNodes = [], workerNodes = [] }: Options): Member[] | undefined {
  const controlPlanes = [...(initNode === undefined ? [] : [initNode]), ...controlPlaneNodes];
  const members = [
    ...controlPlanes.map((node) => ({ node, type: "controlplane" as const })),
    ...workerNodes.map((node) => ({ node, type: "worker" as const })),
  ];
  return members.length > 0 ? members : undefined;
}

/** False when the node does no such checks itself. */
async function onServer(connection: Connection, io: Io, options: Options): Promise<boolean> {
  const [node, ...others] = connection.nodes;
  if (node === undefined || others.length > 0) return false;
  const { waitTimeout, initNode, controlPlaneNodes = [], workerNodes = [], k8sEndpoint } = options;
  const request = {
    waitTimeout: durationFromMs(parseDuration(waitTimeout)),
    clusterInfo: {
      controlPlaneNodes: [...controlPlaneNodes, ...(initNode === undefined ? [] : [initNode])],
      workerNodes: [...workerNodes],
      forceEndpoint: k8sEndpoint ?? "",
    },
  };
  const { metadata, signal } = connection.stream();
  const stream = connection.calls(ClusterService).healthCheck(request, { metadata, signal });
  try {
    await eachOf(stream, connection, io, ({ answer }) => io.error(`${answer.message}\n`));
    return true;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const isUnserved = cause instanceof GrpcError && cause.code === "unimplemented";
    if (!isUnserved && !/code = Unimplemented /.test(String(error))) throw error;
    return false;
  }
}

const againMs = 5_000;

interface Waiting {
  readonly connection: Connection;
  readonly io: Io;
  readonly members: readonly Member[];
  readonly signal: AbortSignal;
}

/** Says each reason why it is not so yet, once. */
async function waitFor({ name, look }: Check, { connection, io, members, signal }: Waiting): Promise<void> {
  let said = "";
  for (;;) {
    const verdict = await look(connection, members);
    if (verdict !== said) io.error(`waiting for ${name}: ${verdict}\n`);
    said = verdict;
    if (verdict === "OK" || verdict.startsWith("SKIP")) return;
    await pause(signal, name);
  }
}

function pause(signal: AbortSignal, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => {
      clearTimeout(timer);
      reject(new CommandFailed(`healthcheck error: gave up waiting for ${name}`));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", fail);
      resolve();
    }, againMs);
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail);
  });
}
