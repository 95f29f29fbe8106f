import type { DescService } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { type Channel, openChannel } from "../api/grpc/channel.ts";
import { type Client, client } from "../api/grpc/client.ts";
import { ClientTlsCredentials } from "../api/grpc/client-tls.ts";
import { GrpcError } from "../api/grpc/error.ts";
import { UnverifiedTlsCredentials } from "../api/grpc/unverified-tls.ts";
import type { ClientContext } from "../machine-config/client-config.ts";
import { readKeyPair } from "../pki/key-pair.ts";
import { configPath, readConfig } from "./config-file.ts";
import { CommandFailed, type Io } from "./io.ts";

/** The flags that all commands to a machine share. */
export interface Target {
  readonly talosconfig?: string;
  readonly nodes?: readonly string[];
  readonly endpoints?: readonly string[];
  readonly cluster?: string;
  readonly context?: string;
  readonly insecure?: boolean;
  readonly certFingerprint?: readonly string[];
}

/** One call, to all nodes that are meant: their answers, each with its node. */
export interface Connection extends Disposable {
  readonly nodes: readonly string[];
  calls<S extends DescService>(service: S): Client<S>;
  /** What tells the endpoint to ask all nodes, and to put their answers together. */
  all(): { metadata: Metadata; signal: AbortSignal; deadlineMs: number };
  /** The same for a stream, which lasts until the user has had enough. */
  stream(): { metadata: Metadata; signal: AbortSignal };
  /** What tells the endpoint to ask one node, and to leave its answer as it is. */
  at(node: string): { metadata: Metadata; signal: AbortSignal; deadlineMs: number };
}

const apiPort = 50_000;
const deadlineMs = 60_000;

/** The connection to a cluster's endpoint, as the flags and the config file say; not made before it is needed. */
export async function connect(target: Target, io: Io): Promise<Connection> {
  return target.insecure ? connectInsecurely(target, io) : connectByConfig(target, io);
}

async function connectByConfig(target: Target, io: Io): Promise<Connection> {
  const path = configPath(target.talosconfig, io);
  const config = await readConfig(path);
  const name = target.context ?? config.context;
  const context = config.contexts[name];
  if (!context) {
    throw new CommandFailed(
      name === ""
        ? `no context is chosen in ${path}: run "talosctl config context NAME"`
        : `context "${name}" is not defined in ${path}`,
    );
  }
  const endpoints = target.endpoints ?? context.endpoints;
  if (endpoints.length === 0) {
    throw new CommandFailed(`no endpoints are set: use --endpoints, or "talosctl config endpoint ADDRESS…"`);
  }
  const nodes = target.nodes ?? context.nodes ?? [];
  if (nodes.length === 0) {
    throw new CommandFailed(
      "nodes are not set for the command: please use `--nodes` flag or configuration file to set the nodes to run the command against",
    );
  }
  const cluster = target.cluster ?? context.cluster;
  const channel = await firstThatAnswers(endpoints, context);
  return connectionOf(channel, nodes, { io, routes: true, cluster });
}

function connectInsecurely({ nodes = [], certFingerprint = [] }: Target, io: Io): Connection {
  const [node, ...others] = nodes;
  if (node === undefined || others.length > 0) {
    throw new CommandFailed("insecure mode requires exactly one node: use --nodes");
  }
  const credentials = new UnverifiedTlsCredentials(certFingerprint);
  const channel = openChannel({ address: withPort(node), credentials });
  return connectionOf(channel, [node], { io, routes: false, cluster: undefined });
}

interface Way {
  readonly io: Io;
  /** Whether the endpoint sends calls on to nodes. */
  readonly routes: boolean;
  readonly cluster: string | undefined;
}

function connectionOf(
  channel: Channel,
  nodes: readonly string[],
  { io: { signal }, routes, cluster }: Way,
): Connection {
  const headers = (key: "node" | "nodes", values: readonly string[]) => {
    const metadata = new Metadata();
    metadata.set("runtime", "Talos");
    if (cluster !== undefined) metadata.set("context", cluster);
    if (routes) for (const value of values) metadata.add(key, value);
    return metadata;
  };
  return {
    nodes,
    calls: (service) => client(service, channel, { deadlineMs }),
    all: () => ({ metadata: headers("nodes", nodes), signal, deadlineMs }),
    stream: () => ({ metadata: headers("nodes", nodes), signal }),
    at: (node) => ({ metadata: headers("node", [node]), signal, deadlineMs }),
    [Symbol.dispose]: () => channel[Symbol.dispose](),
  };
}

/** Tries one endpoint after the other, in any order, and stays with the first that can be reached. */
async function firstThatAnswers(endpoints: readonly string[], context: ClientContext): Promise<Channel> {
  const proxy = proxyOf(context);
  const shuffled = endpoints
    .map((endpoint) => ({ endpoint, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ endpoint }) => withPort(endpoint));
  const failures: string[] = [];
  for (const [at, address] of shuffled.entries()) {
    const channel = openChannel({ address, credentials: credentialsOf(context, address), proxy });
    // The last is not tried: what it has to say of itself is the answer to the call.
    if (at === shuffled.length - 1) return channel;
    const failure = await reach(channel);
    if (failure === undefined) return channel;
    failures.push(failure);
    channel[Symbol.dispose]();
  }
  throw new CommandFailed(`no endpoint can be reached: ${failures.join("; ")}`);
}

const reachMs = 5_000;

const reach = ({ transport }: Channel): Promise<string | undefined> =>
  new Promise((resolve) => {
    transport.waitForReady(new Date(Date.now() + reachMs), (error) => resolve(error?.message));
  });

function proxyOf({ "proxy-url": url }: ClientContext): string | undefined {
  if (url === undefined || url === "") return undefined;
  const { protocol, host, port } = new URL(url);
  if (protocol !== "http:") throw new CommandFailed(`the proxy ${url} is not supported: it must be http://`);
  return port === "" ? `${host}:80` : host;
}

function credentialsOf({ ca, crt, key }: ClientContext, address: string): ClientTlsCredentials {
  if (ca === undefined) throw new CommandFailed("the context has no authority (ca)");
  const authorities = Buffer.from(ca, "base64").toString();
  // Behind a proxy what is dialled is not who is meant.
  const serverName = address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (crt === undefined || key === undefined) return new ClientTlsCredentials({ authorities, serverName });
  const keyText = Buffer.from(key, "base64").toString();
  return new ClientTlsCredentials({
    authorities,
    serverName,
    // Node's TLS does not know the label under which an Ed25519 key is kept.
    identity: { certificate: Buffer.from(crt, "base64").toString(), key: readKeyPair(keyText).pkcs8Pem },
  });
}

/** `host:port`; an address of version 6 stands in brackets when it has a port. */
function withPort(endpoint: string): string {
  if (/^\[.*\]:\d+$/.test(endpoint) || /^[^:]+:\d+$/.test(endpoint)) return endpoint;
  if (endpoint.includes(":") && !endpoint.startsWith("[")) return `[${endpoint}]:${apiPort}`;
  return `${endpoint}:${apiPort}`;
}

/** What upstream prints of a failed call. */
export function callFailure(error: unknown): string {
  if (!(error instanceof GrpcError)) return error instanceof Error ? error.message : String(error);
  const code = error.code === "cancelled" ? "Canceled" : error.code[0]!.toUpperCase() + error.code.slice(1);
  return `rpc error: code = ${code} desc = ${error.details}`;
}
