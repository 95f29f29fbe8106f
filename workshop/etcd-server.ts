// A real etcd for tests: members on loopback, data in a temporary folder, nothing left behind.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface EtcdServerOptions {
  /** How many members the cluster has. */
  readonly members?: number;
  /** Files; clients must then show a certificate of the authority. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Further flags of every member. */
  readonly flags?: Readonly<Record<string, string>>;
}

/** A running cluster, usually of one member; disposing of it kills it and removes its data. */
export interface EtcdServer extends AsyncDisposable {
  readonly members: readonly EtcdMember[];
  /** Client URLs, one per member. */
  readonly endpoints: readonly string[];
  /** Where all members keep their data. */
  readonly folder: string;
}

/** One member. It keeps its ports and its data from stop to start. */
export interface EtcdMember {
  readonly endpoint: string;
  /** Resolves when it serves clients. */
  start(): Promise<void>;
  /** Sends the signal and resolves when the process is gone. */
  stop(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Stops it from running without closing its sockets, as a hung machine does. */
  freeze(): void;
  thaw(): void;
}

const attempts = 5;

export async function startEtcd(options: EtcdServerOptions = {}): Promise<EtcdServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnFreePorts(options);
    } catch (error) {
      // Between finding a port free and etcd taking it, another process may have been faster.
      if (attempt === attempts || !String(error).includes("address already in use")) throw error;
    }
  }
}

async function startOnFreePorts({ members: size = 1, tls, flags = {} }: EtcdServerOptions) {
  const folder = await mkdtemp(join(tmpdir(), "etcd-"));
  const ports = await freePorts(2 * size);
  const scheme = tls ? "https" : "http";
  const tlsFlags = tls && {
    "trusted-ca-file": tls.ca,
    "cert-file": tls.cert,
    "key-file": tls.key,
    "client-cert-auth": "true",
  };
  const places = Array.from({ length: size }, (_, index) => ({
    name: `member-${index}`,
    client: `${scheme}://127.0.0.1:${ports[2 * index]}`,
    peer: `http://127.0.0.1:${ports[2 * index + 1]}`,
  }));
  const cluster = places.map(({ name, peer }) => `${name}=${peer}`).join(",");

  const members = places.map(({ name, client, peer }) =>
    member(client, {
      name,
      "data-dir": join(folder, name),
      "listen-client-urls": client,
      "advertise-client-urls": client,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": cluster,
      logger: "zap",
      "log-outputs": "stderr",
      ...tlsFlags,
      ...flags,
    }),
  );
  const dispose = async () => {
    await Promise.all(members.map((one) => one.stop("SIGKILL")));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(members.map((one) => one.start()));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    members,
    endpoints: members.map(({ endpoint }) => endpoint),
    folder,
    [Symbol.asyncDispose]: dispose,
  };
}

function member(endpoint: string, flags: Readonly<Record<string, string>>): EtcdMember {
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  let child: ChildProcess | undefined;
  return {
    endpoint,
    start: async () => {
      // The kernel ends etcd even when this process is killed and can clean up nothing.
      child = spawn("setpriv", ["--pdeathsig", "KILL", "etcd", ...args], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      await serving(child);
    },
    stop: async (signal) => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill(signal);
      await gone;
    },
    freeze: () => child?.kill("SIGSTOP"),
    thaw: () => child?.kill("SIGCONT"),
  };
}

/** Resolves when etcd says so in its log; its last words explain an early end. */
function serving(child: ChildProcess): Promise<void> {
  const lastWords: string[] = [];
  return new Promise((resolve, reject) => {
    child.on("error", (cause) =>
      reject(new Error("Cannot start etcd: is etcd-server installed?", { cause })),
    );
    child.on("close", () => reject(new Error(`Cannot start etcd: it ended.\n${lastWords.join("\n")}`)));
    createInterface({ input: child.stderr! }).on("line", (line) => {
      lastWords.push(line);
      if (lastWords.length > 20) lastWords.shift();
      if (line.includes("serving client traffic")) resolve();
    });
  });
}

/** A port the kernel hands out to connecting sockets could be taken while a member is down: by its own client. */
const belowEphemeral = { first: 10_000, count: 22_000 };

async function freePorts(count: number): Promise<readonly number[]> {
  const held = [];
  try {
    while (held.length < count) {
      const server = createServer();
      const port = belowEphemeral.first + Math.floor(Math.random() * belowEphemeral.count);
      const taken = await new Promise<boolean>((resolve) => {
        server.once("error", () => resolve(true));
        server.listen(port, "127.0.0.1", () => resolve(false));
      });
      if (!taken) held.push({ server, port });
    }
    return held.map(({ port }) => port);
  } finally {
    for (const { server } of held) server.close();
  }
}
