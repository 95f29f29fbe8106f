import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type ClientConfig,
  clientConfigText,
  emptyClientConfig,
  parseClientConfig,
} from "../machine-config/client-config.ts";
import type { Io } from "./io.ts";

const inPod = "/var/run/secrets/talos.dev/config";

/** The first that is named, or that is there. */
export function configPath(named: string | undefined, { environment }: Pick<Io, "environment">): string {
  const { TALOSCONFIG, TALOS_HOME, HOME = "/" } = environment;
  const usual = join(TALOS_HOME ?? join(HOME, ".talos"), "config");
  const given = named ?? (TALOSCONFIG || undefined);
  return given ?? (!existsSync(usual) && existsSync(inPod) ? inPod : usual);
}

/** An empty one when there is none yet. */
export async function readConfig(path: string): Promise<ClientConfig> {
  try {
    return parseClientConfig(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return emptyClientConfig;
    throw error;
  }
}

/** It holds a key: nobody else may read it. */
export async function writeConfig(path: string, config: ClientConfig): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.next`;
  await writeFile(next, clientConfigText(config), { mode: 0o600 });
  await rename(next, path);
}
