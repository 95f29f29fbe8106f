// A rack with a provisioner, as `npm start` has it, and one machine whose life a test follows.

import { writeFileSync } from "node:fs";
import { expect } from "vitest";
import type { ApiClient } from "../../../provisioner/cli/api-client.ts";
import { openLabSite } from "../lab/site.ts";
import { parseRack } from "../rack/rack.ts";
import { deadlineMs } from "./deadlines.ts";
import { operatingSystem, project } from "./image.ts";
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
  /** When each stage was reached, in seconds since the site was opened: for who reads the log. */
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

  /** A rack as its owner writes it down. Its machines are off, and are accepted when they come. */
  static async open(name: string, rack: string): Promise<HandOverSite> {
    await operatingSystem();
    await using around = new AsyncDisposableStack();
    const directory = openRunDirectory(project, name);
    const stop = new AbortController();
    const site = around.use(
      await openLabSite({
        directory,
        description: parseRack(rack, name),
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
    let story: Story | undefined;
    const look = async () => {
      story = await this.storyOf(server);
      return fits(story);
    };
    const timeout = deadlineMs.operatingSystem * 3;
    await expect.poll(look, { timeout, interval: 1_000 }).toBe(true);
    this.#note(server, JSON.stringify(story!.nodeOrder));
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

  /** Into the run's directory, for who wants to know what took how long. */
  tell(): void {
    writeFileSync(this.directory.file("story.log"), `${this.#story.join("\n")}\n`);
  }

  #note({ machine }: Server, text: string): void {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1).padStart(6);
    this.#story.push(`${seconds} s  ${machine.name}  ${text}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#around.disposeAsync();
  }
}
