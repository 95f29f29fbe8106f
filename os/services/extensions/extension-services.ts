// Services that extensions of the image bring: a file of JSON each, beside what it runs.
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as z from "zod";
import type { MachineConfig } from "../../../machine-config/machine-config.ts";
import {
  type ExtensionServiceSettings,
  extensionServiceSettings,
} from "../../../machine-config/settings/extension-services.ts";
import type { UserFiles } from "../../config/user-files.ts";
import type { ProcessDescription } from "../supervisor/process.ts";
import type { Service } from "../supervisor/service.ts";

const prefix = "ext-";
const absolute = z.string().regex(/^\//, "is no absolute path");
const count = z.int().positive();

const format = z.strictObject({
  command: z.tuple([absolute], z.string()),
  environment: z.record(z.string(), z.string()).default({}),
  dependsOn: z.array(z.string()).default([]),
  restart: z.enum(["always", "untilSuccess", "never"]).default("always"),
  /** Of user and group: nobody, unless it says more. */
  uid: z.int().nonnegative().default(65_534),
  capabilities: z
    .array(z.string().regex(/^[a-z_]+$/, "is no capability, such as net_bind_service"))
    .default([]),
  limits: z
    .strictObject({
      memoryMaxBytes: count.optional(),
      memoryHighBytes: count.optional(),
      pidsMax: count.optional(),
      cpuWeight: z.int().min(1).max(10_000).optional(),
      cpuMaxPercent: count.optional(),
    })
    .default({}),
});

export interface ExtensionServicesOptions {
  readonly folder: string;
  readonly config: () => MachineConfig | undefined;
  /** Those of one service. */
  readonly openFiles: () => Pick<UserFiles, "bring" | "release">;
  readonly runProcess: (description: ProcessDescription) => Service["run"];
  /** A file that is no service: the others are run. */
  readonly refused: (why: string) => void;
}

/** The services of all extensions. Each is `ext-` and its file's name, and operators may stop and start it. */
export async function extensionServices(options: ExtensionServicesOptions): Promise<readonly Service[]> {
  const { folder, config, openFiles, runProcess, refused } = options;
  const services: Service[] = [];
  for (const file of await filesIn(folder)) {
    const name = basename(file, ".json");
    const id = `${prefix}${name}`;
    try {
      const { command, environment, dependsOn, restart, uid, capabilities, limits } = format.parse(
        JSON.parse(await readFile(join(folder, file), "utf8")),
      );
      const files = openFiles();
      services.push({
        ...{ id, dependsOn, restart, operable: ["start", "stop", "restart"] },
        // The config is asked at each start: a restart takes up what has changed.
        async run(running) {
          const own = settingsOf(config(), id);
          placeFiles(files, own.files, uid);
          const description = { id, command, uid, capabilities, limits };
          await runProcess({ ...description, environment: { ...environment, ...own.environment } })(running);
        },
      });
    } catch (cause) {
      const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
      refused(`Cannot run the service of ${file}: ${reason}`);
    }
  }
  return services;
}

/** For the service's eyes alone: there may be secrets in them. Throws when one cannot be there. */
function placeFiles(
  files: Pick<UserFiles, "bring" | "release">,
  wanted: ExtensionServiceSettings["files"],
  uid: number,
): void {
  files.release(new Set(wanted.keys()));
  for (const [path, content] of wanted) {
    const operation = isOwn(path) ? "create" : "overwrite";
    const { errorMessage } = files.bring({ path, content, mode: 0o400, owner: uid, operation });
    if (errorMessage !== "") throw new Error(errorMessage);
  }
}

/** Elsewhere a file of the image is covered: nothing can be added to it. */
const isOwn = (path: string) => path.startsWith("/var/");

/** What the config gives to a service, by the service's id. */
export const settingsOf = (config: MachineConfig | undefined, id: string): ExtensionServiceSettings =>
  extensionServiceSettings(config, id.slice(prefix.length));

async function filesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith(".json")).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
