// A rack with a provisioner, as `npm start` has it, and machines whose life a test follows.
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { parseClientConfig } from "../../../machine-config/client-config.ts";
import type { ApiClient } from "../../../provisioner/cli/api-client.ts";
import { openLabSite } from "../lab/site.ts";
import { parseRack } from "../rack/rack.ts";
import { deadlineMs } from "./deadlines.ts";
import { operatingSystem, project } from "./image.ts";
import { connectBy } from "./node-client.ts";
import { NodeUnderTest } from "./node-under-test.ts";
import { openRunDirectory, type RunDirectory } from "./run-directory.ts";
import type { Server } from "./server.ts";

export interface Story {
  readonly stage: string;
  readonly installation?: {
    readonly evidence: string;
    readonly node: {
      readonly is: string;
      readonly version?: string;
      readonly address?: string;
      readonly bootId?: string;
    };
  };
  readonly nodeOrder?: { readonly what: string; readonly state: string; readonly why: string };
}

interface Status {
  readonly stage: string;
  readonly why: string;
}

export class HandOverSite implements AsyncDisposable {
  readonly api: ApiClient;
  readonly servers: readonly Server[];
  /** What happened, and when, in seconds since the site was opened: for who reads the log. */
  readonly #story: string[] = [];
  readonly #began = performance.now();
  readonly directory: RunDirectory;
  readonly #around: AsyncDisposableStack;

  private constructor(
    api: HandOverSite["api"],
    servers: readonly Server[],
    directory: RunDirectory,
    around: AsyncDisposableStack,
  ) {
    this.api = api;
    this.servers = servers;
    this.directory = directory;
    this.#around = around;
  }

  /**
   * A rack as its owner writes it down. Its machines are off, and are accepted when they come. They boot the image of that
   * folder, or the one that this checkout builds.
   */
  static async open(name: string, rack: string, image?: string): Promise<HandOverSite> {
    if (image === undefined) await operatingSystem();
    await using around = new AsyncDisposableStack();
    const directory = openRunDirectory(project, name);
    const stop = new AbortController();
    const site = around.use(
      await openLabSite({
        directory,
        description: parseRack(rack, name),
        image,
        nowS: () => 0,
        say: () => {},
        signal: stop.signal,
      }),
    );
    around.defer(() => {
      stop.abort();
      return site.living.catch(() => {});
    });
    for (const machine of parseRack(rack, name).machines) await site.rack.add({ ...machine, powered: false });
    const { servers } = site.rack;
    const api = site.provisioner.api();
    await api.call("PUT", "/api/v1/rules/all", { spec: { order: 1, verdict: "accept", when: [] } });
    return new HandOverSite(api, servers, directory, around.move());
  }

  /** Asks for something of a machine. */
  async ask(server: Server, action: string, body: object = {}): Promise<void> {
    await this.api.call("POST", `/api/v1/machines/${server.machine.uuid}/actions/${action}`, body);
    this.#note(server, `${action} is asked for`);
  }

  async storyOf({ machine }: Server): Promise<Story> {
    return (await this.api.call("GET", `/api/v1/machines/${machine.uuid}/story`)) as Story;
  }

  /** Resolves when its story says so. */
  async tells(server: Server, fits: (story: Story) => boolean): Promise<void> {
    const look = async () => fits(await this.storyOf(server));
    const timeout = deadlineMs.operatingSystem * 3;
    await expect.poll(look, { timeout, interval: 1_000 }).toBe(true);
  }

  /** The node that a machine runs, by the certificate that operators are given. */
  async operate(server: Server): Promise<NodeUnderTest> {
    const { installation } = await this.storyOf(server);
    const answer = await this.api.call("POST", "/api/v1/machines/talosconfig", {});
    const { context, contexts } = parseClientConfig((answer as { talosconfig: string }).talosconfig);
    const address = `${installation?.node.address}:50000`;
    return new NodeUnderTest(server.machine, async () => connectBy(contexts[context]!, address));
  }

  /** What its power did so far, one line each: what a BMC did, and what the machine did by itself. */
  async powerOf({ machine }: Server): Promise<readonly string[]> {
    const text = await readFile(this.directory.file(`${machine.name}.power.log`), "utf8");
    return text.trimEnd().split("\n");
  }

  /** A part of a machine's story, with the time that it took. */
  async step<T>(server: Server, what: string, live: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const lived = await live();
    this.#note(server, `== ${what}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return lived;
  }

  /** Resolves when a machine is in a stage; every other one that it passes takes its own time. */
  async becomes(server: Server, wanted: string): Promise<void> {
    const { uuid } = server.machine;
    let last: Status | undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = Promise.withResolvers<never>();
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () =>
          late.reject(
            new Error(`${server.machine.name} stays ${last?.stage}: ${last?.why}\n${this.#story.join("\n")}`),
          ),
        deadlineMs.operatingSystem * 2,
      );
    };
    wait();
    const changes = this.api.watch("machine-statuses", {});
    try {
      for (;;) {
        const { value: change } = await Promise.race([changes.next(), late.promise]);
        if (change.type === "bootstrapped" || change.resource.metadata.id !== uuid) continue;
        const status = change.resource.spec as Status;
        if (status.stage !== last?.stage) {
          this.#note(server, `${status.stage}: ${status.why}`);
          wait();
        }
        last = status;
        if (status.stage === "failed" && wanted !== "failed") throw new Error(`failed: ${status.why}`);
        if (status.stage === wanted) return;
      }
    } finally {
      clearTimeout(timer);
      late.promise.catch(() => {});
      void changes.return(undefined as never).catch(() => {});
    }
  }

  /** Into the run's directory, and here: for who wants to know what took how long. */
  #tell(): void {
    const text = `${this.#story.join("\n")}\n`;
    writeFileSync(this.directory.file("story.log"), text);
    process.stdout.write(text);
  }

  #note({ machine }: Server, text: string): void {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1).padStart(6);
    this.#story.push(`${seconds} s  ${machine.name}  ${text}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#tell();
    return this.#around.disposeAsync();
  }
}
