// A lab for one test: a rack's description, and sentences about it. What happens is told in story.log of its directory,
// and by whatever fails.
import type { ApiClient } from "../../../provisioner/cli/api-client.ts";
import { deadlineMs } from "../framework/deadlines.ts";
import { project } from "../framework/image.ts";
import { openRunDirectory } from "../framework/run-directory.ts";
import type { Server } from "../framework/server.ts";
import { parseRack } from "../rack/rack.ts";
import { type LabSite, openLabSite } from "./site.ts";
import { Story } from "./story.ts";

export interface TestLabOptions {
  /** Only what a test accepts itself is accepted. */
  readonly acceptsAll?: boolean;
  readonly arguments?: readonly string[];
  /** Each line of the story, as it happens. */
  readonly told?: (who: string, text: string) => void;
}

export interface TestLab extends AsyncDisposable {
  readonly site: LabSite;
  readonly api: ApiClient;
  /** Puts a machine of the description into the rack; turns it on, unless its description says otherwise. */
  place(name: string): Promise<Server>;
  /** Puts all of them there. */
  placeAll(): Promise<void>;
  machine(name: string): Server;
  /** Resolves to the stage that it came to: one of these, or where it is stuck. */
  reaches(name: string, ...stages: readonly string[]): Promise<string>;
  /** Why it is in its stage. */
  why(name: string): Promise<string>;
  read(kind: string, id: string): Promise<Record<string, unknown>>;
  list(kind: string): Promise<Record<string, unknown>[]>;
}

export async function openTestLab(
  name: string,
  yaml: string,
  { acceptsAll = true, arguments: kernelArguments = [], told }: TestLabOptions = {},
): Promise<TestLab> {
  const directory = openRunDirectory(project, name);
  const description = parseRack(yaml, `the rack of ${name}`);
  const stop = new AbortController();
  const story = new Story(directory, (_, who, text) => told?.(who, text));
  await using around = new AsyncDisposableStack();
  const site = around.use(
    await openLabSite({
      directory,
      description,
      nowS: story.nowS,
      say: story.say,
      arguments: kernelArguments,
      signal: stop.signal,
    }),
  );
  around.defer(() => {
    stop.abort();
    return site.living.catch(() => {});
  });
  if (acceptsAll) await site.acceptAll();
  const { rack, board, provisioner, living } = site;
  const api = provisioner.api();

  const place = (name: string) => {
    const machine = description.machines.find((one) => one.name === name);
    if (!machine) throw new Error(`Cannot place ${name}: it is not in the description`);
    return rack.add(machine);
  };
  const read = async (kind: string, id: string) => {
    const { spec } = (await api.call("GET", `/api/v1/${kind}/${id}`)) as { spec: Record<string, unknown> };
    return spec;
  };
  const machine = (name: string) => {
    const server = rack.find(name);
    if (!server) throw new Error(`Cannot find ${name}: it is not in the rack`);
    return server;
  };
  const owned = around.move();
  return {
    site,
    api,
    place,
    placeAll: async () => {
      for (const machine of description.machines) await place(machine.name);
    },
    machine,
    read,
    list: async (kind) => (await api.list(kind)).map(({ spec }) => spec as Record<string, unknown>),
    why: async (name) => String((await read("machine-statuses", machine(name).machine.uuid))["why"]),
    async reaches(name, ...stages) {
      const expiry = AbortSignal.timeout(deadlineMs.wholeLife);
      const expired = new Promise<never>((_, reject) => {
        expiry.addEventListener("abort", () =>
          reject(
            new Error(
              `${name} did not come to ${stages.join(" or ")} within ${deadlineMs.wholeLife / 1000} s:\n${story.last(25)}\nAll of it: ${directory.path}`,
            ),
          ),
        );
      });
      const there = () => stages.includes(board.stageOf(name)) || board.isStuck(name);
      const gone = living.then(() => {
        throw new Error("The lab ended");
      });
      gone.catch(() => {});
      await Promise.race([board.until(there), gone, expired]);
      return board.stageOf(name);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
