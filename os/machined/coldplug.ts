import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModuleIndex } from "./module-index.ts";

export interface Coldplug {
  readonly devices: string;
  readonly index: ModuleIndex;
  /** Loads one module by its file below the release's folder. */
  readonly load: (file: string) => void;
  /** A module that cannot be loaded: the machine boots on without it. */
  readonly refused: (file: string, reason: unknown) => void;
}

/**
 * Loads the modules of all hardware that is there. A module can bring new devices (a bus, a controller), so the
 * devices are read again until nothing new is found.
 */
export async function coldplug({ devices, index, load, refused }: Coldplug): Promise<void> {
  const seen = new Set<string>();
  const loaded = new Set<string>();
  for (;;) {
    const fresh = (await modaliases(devices)).filter((it) => !seen.has(it));
    if (fresh.length === 0) return;
    for (const modalias of fresh) {
      seen.add(modalias);
      for (const file of index.matching(modalias).flatMap((module) => index.filesFor(module))) {
        if (loaded.has(file)) continue;
        loaded.add(file);
        try {
          load(file);
        } catch (reason) {
          refused(file, reason);
        }
      }
    }
  }
}

/** What the kernel says of each device below /sys/devices. */
async function modaliases(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory()) found.push(...(await modaliases(join(folder, entry.name))));
    else if (entry.name === "modalias") found.push(await textOf(join(folder, entry.name)));
  }
  return found.filter((text) => text !== "");
}

// Devices come and go while they are read: one that has gone has nothing to say.
const isGone = (error: unknown) =>
  error instanceof Error && "code" in error && ["ENOENT", "ENODEV"].includes(String(error.code));

const entriesOf = (folder: string): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isGone(error)) return [];
    throw error;
  });

const textOf = (file: string): Promise<string> =>
  readFile(file, "utf8").then(
    (text) => text.trim(),
    (error: unknown) => {
      if (isGone(error)) return "";
      throw error;
    },
  );
