// The lab's provisioner: `ingot serve` as everybody runs it, a process of its own, asked over its API.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiClient } from "../../../provisioner/cli/api-client.ts";
import { connect } from "../../../provisioner/cli/connect.ts";
import { Child } from "../framework/child.ts";
import { deadlineMs } from "../framework/deadlines.ts";
import { project } from "../framework/image.ts";
import type { RunDirectory } from "../framework/run-directory.ts";
import { forwardLines } from "./forward-lines.ts";

export interface LabProvisionerOptions {
  readonly directory: RunDirectory;
  /** The networks that it serves: boot.yaml. */
  readonly segmentsFile: string;
  /** pxe-servers elsewhere, by name. */
  readonly enrol: readonly string[];
  /** The folder of the image that its machines boot. */
  readonly image: string;
  /** What its machines are told besides. */
  readonly arguments: readonly string[];
  /** Each step of each boot. */
  readonly print: (line: string) => void;
  /** It ended, and nobody wanted it to. */
  readonly ended: (failure: Error) => void;
  readonly signal: AbortSignal;
}

export class LabProvisioner implements AsyncDisposable {
  readonly #options: LabProvisionerOptions;
  readonly #stateDir: string;
  readonly #logFile: string;
  /** Files by which people ask it: its authority, and a token. */
  readonly tokenFile: string;
  #told: { url: string; authorityFile: string } = { url: "", authorityFile: "" };
  #ready = Promise.withResolvers<void>();
  #isReady = false;
  #process: Child | undefined;
  #starts = 0;
  #lines: Disposable | undefined;

  constructor(options: LabProvisionerOptions) {
    this.#options = options;
    this.#stateDir = options.directory.file("state");
    this.#logFile = options.directory.file("serve.log");
    this.tokenFile = options.directory.file("token");
  }

  get url(): string {
    return this.#told.url;
  }

  get authorityFile(): string {
    return this.#told.authorityFile;
  }

  /** Where it keeps what pxe-servers show. */
  get identities(): string {
    return join(this.#stateDir, "segments");
  }

  /** Resolves as soon as it is ready, again after each stop. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** On a state of its own, which stays; and ready. */
  async start(): Promise<void> {
    const { directory, segmentsFile, enrol, image, arguments: kernelArguments, signal } = this.#options;
    const capture = directory.file(`serve.${this.#starts++}.pcap`);
    const child = new Child(
      "ingot serve",
      process.execPath,
      [
        join(project, "provisioner/main.ts"),
        "serve",
        ...["--state-dir", this.#stateDir, "--segments", segmentsFile, "--image", image],
        ...kernelArguments.flatMap((one) => ["--argument", one]),
        ...enrol.flatMap((one) => ["--enrol", one]),
        ...["--capture", capture],
      ],
      this.#logFile,
    );
    this.#process = child;
    this.#lines ??= forwardLines(this.#logFile, (line) => this.#hear(line));
    let wasReady = false;
    const ended = child.exited.then((status) => {
      const failure = new Error(`ingot serve ended with status ${status}: see ${this.#logFile}`);
      if (this.#process === child && wasReady) this.#options.ended(failure);
      throw failure;
    });
    ended.catch(() => {});
    const expiry = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs.operatingSystem)]);
    const stopped = once(expiry, "abort").then(() => {
      throw new Error(`Cannot start the provisioner: it was not ready; see ${this.#logFile}`);
    });
    stopped.catch(() => {});
    await Promise.race([this.#ready.promise, ended, stopped]);
    wasReady = true;
  }

  /** It is meant to end: as it likes to, or as a crash ends it. */
  async stop(how: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    // Who waits for it already, waits on.
    if (this.#isReady) this.#ready = Promise.withResolvers();
    this.#isReady = false;
    await child?.stop(how);
  }

  api(): ApiClient {
    const { tokenFile, authorityFile, url } = this;
    const reading = { environment: {}, readFile: (path: string) => readFile(path, "utf8") };
    const place = { server: url, tokenFile, ca: authorityFile };
    return new ApiClient(connect(place, { ...reading, signal: this.#options.signal }));
  }

  #hear(line: string): void {
    const [, what, value = ""] =
      /^ingot: (people and programs|authority|the first token)\b.*?: (.*)$/.exec(line) ?? [];
    if (what === "people and programs") this.#told.url = value;
    else if (what === "authority") this.#told.authorityFile = line.split(" also in ")[1]!;
    else if (what === "the first token") writeFileSync(this.tokenFile, value, { mode: 0o600 });
    else if (line === "ingot: ready") {
      this.#isReady = true;
      this.#ready.resolve();
    } else this.#options.print(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGTERM");
    this.#lines?.[Symbol.dispose]();
  }
}
