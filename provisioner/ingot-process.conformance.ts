// `ingot` as processes of their own, for tests: one that serves, and command lines that ask it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ApiClient } from "./cli/api-client.ts";
import { connect } from "./cli/connect.ts";

const main = join(import.meta.dirname, "main.ts");

export interface Ran {
  readonly code: number | null;
  readonly output: string;
  readonly noted: string;
}

type Environment = Readonly<Record<string, string>>;

export async function ingot(words: readonly string[], environment: Environment = {}): Promise<Ran> {
  const child = start(words, environment);
  const [output, noted, [code]] = await Promise.all([
    child.stdout.setEncoding("utf8").toArray(),
    child.stderr.setEncoding("utf8").toArray(),
    once(child, "close") as Promise<[number | null]>,
  ]);
  return { code, output: output.join(""), noted: noted.join("") };
}

export interface ServingOptions {
  readonly stateDir: string;
  /** `host:port`; any port unless told. */
  readonly listen?: string;
  readonly installsPort?: number;
  readonly options?: readonly string[];
  readonly environment?: Environment;
}

export interface Serving extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly fingerprint: string;
  /** Told at the first start alone. */
  readonly token: string | undefined;
  readonly said: readonly string[];
  /** A command line that knows where it is and whom to trust. */
  readonly ask: (words: string, token?: string) => Promise<Ran>;
  /** Asks from this process, often and without delay. */
  readonly client: (token?: string) => ApiClient;
  /** Resolves to its exit code. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** Resolves when it is ready. */
export async function serving({
  stateDir,
  listen = "127.0.0.1:0",
  installsPort = 0,
  options = [],
  environment,
}: ServingOptions): Promise<Serving> {
  const child = start(
    [
      "serve",
      "--state-dir",
      stateDir,
      "--listen",
      listen,
      "--installs-port",
      String(installsPort),
      "--api",
      "127.0.0.1:0",
      ...options,
    ],
    environment,
  );
  const closed = once(child, "close") as Promise<[number | null]>;
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    said.push(line);
    if (line === "ingot: ready") ready.resolve();
  });
  child.stdout.resume();
  closed.then(() => ready.reject(new Error(`ingot serve ended: ${said.join("\n")}`)), ready.reject);
  await ready.promise;
  const find = (pattern: RegExp) =>
    said.map((line) => pattern.exec(line)?.[1]).find((one) => one !== undefined);
  const url = find(/^ingot: people and programs: (https:.*)$/)!;
  const fingerprint = find(/^ingot: authority: sha256:([0-9a-f]{64})/)!;
  const token = find(/told once: (\S+)$/);
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child.kill(signal);
    const [code] = await closed;
    return code;
  };
  return {
    pid: child.pid!,
    url,
    fingerprint,
    token,
    said,
    ask: (words, bearer = token ?? "") =>
      ingot(words.split(" "), { INGOT_SERVER: url, INGOT_FINGERPRINT: fingerprint, INGOT_TOKEN: bearer }),
    client: (bearer = token) =>
      new ApiClient(
        connect(
          { server: url, fingerprint },
          {
            environment: { INGOT_TOKEN: bearer },
            readFile: (path) => readFile(path, "utf8"),
            signal: new AbortController().signal,
          },
        ),
      ),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop("SIGKILL")),
  };
}

const start = (words: readonly string[], environment: Environment = {}) =>
  spawn(process.execPath, [main, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], ...environment },
  });
