// The lab's provisioner: `ingot serve` as everybody runs it, a process of its own, asked over its API.
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { ApiClient } from "../../../provisioner/cli/api-client.ts";
import { connect } from "../../../provisioner/cli/connect.ts";
import { Child } from "../framework/child.ts";
import { deadlineMs } from "../framework/deadlines.ts";
import { project } from "../framework/image.ts";
import type { RunDirectory } from "../framework/run-directory.ts";
import { startTimeServer } from "../framework/time-server.ts";
import { forwardLines } from "./forward-lines.ts";

export interface LabProvisioner extends AsyncDisposable {
  readonly api: ApiClient;
  readonly url: string;
  /** Files by which people ask it: its authority, and a token. */
  readonly authorityFile: string;
  readonly tokenFile: string;
  /** Rejects when it ends before its time. */
  readonly ended: Promise<never>;
}

export interface LabProvisionerOptions {
  readonly directory: RunDirectory;
  /** Of eth0, in the lab's namespace. */
  readonly address: string;
  /** What its machines are told besides. */
  readonly arguments: readonly string[];
  /** Each step of each boot. */
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** On a state of its own, and ready. */
export async function openLabProvisioner({
  directory,
  address,
  arguments: kernelArguments,
  print,
  signal,
}: LabProvisionerOptions): Promise<LabProvisioner> {
  await using opening = new AsyncDisposableStack();
  const segments = directory.file("segments.yaml");
  // A way out and the time, without which no system calls itself ready.
  const subnet = {
    subnet: "10.1.0.0/24",
    pool: ["10.1.0.100", "10.1.0.199"],
    routers: [address],
    ntp: [address],
  };
  const dhcp = { mode: "full", subnets: [subnet] };
  opening.use(await startTimeServer(address));
  await writeFile(segments, stringify({ segments: [{ interface: "eth0", address, dhcp }] }));
  const stateDir = directory.file("state");
  const logFile = directory.file("serve.log");
  const child = opening.use(
    new Child(
      "ingot serve",
      process.execPath,
      [
        join(project, "provisioner/main.ts"),
        "serve",
        ...["--state-dir", stateDir, "--segments", segments, "--image", join(project, "out/image")],
        ...kernelArguments.flatMap((one) => ["--argument", one]),
      ],
      logFile,
    ),
  );
  const ended = child.exited.then((status) => {
    throw new Error(`ingot serve ended with status ${status}: see ${logFile}`);
  });
  ended.catch(() => {});

  const told = { url: "", authorityFile: "", token: "" };
  const ready = Promise.withResolvers<void>();
  opening.use(
    forwardLines(logFile, (line) => {
      const [, what, value = ""] = /^ingot: (people and programs|authority|the first token)\b.*?: (.*)$/.exec(
        line,
      ) ?? [undefined, undefined];
      if (what === "people and programs") told.url = /https:\S+/.exec(line)![0];
      else if (what === "authority") told.authorityFile = line.split(" also in ")[1]!;
      else if (what === "the first token") told.token = value;
      else if (line === "ingot: ready") ready.resolve();
      else print(line);
    }),
  );
  const expiry = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs.operatingSystem)]);
  const stopped = once(expiry, "abort").then(() => {
    throw new Error(`Cannot start the provisioner: it was not ready; see ${logFile}`);
  });
  stopped.catch(() => {});
  await Promise.race([ready.promise, ended, stopped]);

  const tokenFile = directory.file("token");
  await writeFile(tokenFile, told.token, { mode: 0o600 });
  const api = new ApiClient(
    connect(
      { server: told.url, tokenFile, ca: told.authorityFile },
      { environment: {}, readFile: (path) => readFile(path, "utf8"), signal },
    ),
  );
  const all = opening.move();
  return {
    api,
    ...told,
    tokenFile,
    ended,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
