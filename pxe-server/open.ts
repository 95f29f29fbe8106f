// A pxe-server as boot.yaml describes it. Every file that it names is read before the first machine is answered.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Booter, Report } from "./booter.ts";
import type { PxeConfig } from "./config.ts";
import { type LoaderKind, loaderFiles } from "./firmware.ts";
import { readFolder, readLoaders } from "./loaders.ts";
import { macOfNeighbour } from "./neighbours.ts";
import { openPxeServer } from "./serve.ts";
import { stepSentence } from "./steps.ts";
import { systemClock } from "./system-clock.ts";
import { openTrace } from "./trace.ts";

export interface ConfiguredOptions {
  readonly config: PxeConfig;
  /** Where boot.yaml is: its paths begin there. */
  readonly folder: string;
  readonly booter: Booter;
  /** The iPXE binaries: their digests, where they are, and which kinds plans may name. */
  readonly loaders: {
    readonly manifest: string;
    readonly folder?: string | undefined;
    readonly kinds: readonly LoaderKind[];
  };
  readonly capture?: string | undefined;
  readonly onReport: (report: Report) => void;
  readonly onWarning: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Resolves when it serves; dispose it to end it. */
export async function openConfigured(options: ConfiguredOptions): Promise<AsyncDisposable> {
  const { config, folder, booter, loaders, capture, onReport, onWarning, signal } = options;
  await using opened = new AsyncDisposableStack();
  const files = {
    loaders: await readLoaders({ ...loaders, files: loaderFiles(loaders.kinds) }),
    raspberryFiles: config.raspberryPi && (await readFolder(resolve(folder, config.raspberryPi.folder))),
    identity: await identityOf(config, folder),
  };
  const trace = config.trace === undefined ? undefined : opened.use(await openTrace(config.trace));
  opened.use(
    await openPxeServer({
      ...files,
      config,
      booter,
      clock: systemClock,
      newId: () => randomBytes(4).toString("hex"),
      neighbour: macOfNeighbour,
      onReport: (report) => {
        onReport(report);
        trace?.write(stepSentence(report));
      },
      onWarning,
      capture,
      signal,
    }),
  );
  return opened.move();
}

async function identityOf({ https }: PxeConfig, folder: string) {
  if (!https) return undefined;
  const read = (path: string) => readFile(resolve(folder, path), "utf8");
  return { cert: await read(https.certificate), key: await read(https.key) };
}
