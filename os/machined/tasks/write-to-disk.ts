// An installation on a real machine: every seam filled with what the kernel offers.
import { readFileSync } from "node:fs";
import { parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { registryEndpoints } from "../../../machine-config/settings/registries.ts";
import { openBlockDevice } from "../../block/open-block-device.ts";
import { readBootLoader } from "../../install/boot-loader.ts";
import { type ImageSource, openImage } from "../../install/image-source.ts";
import { type InstallProgress, install } from "../../install/install.ts";
import { installedArguments } from "../../install/installed-arguments.ts";
import { releaseKey } from "../../install/release-key.ts";
import { runTool } from "../../kernel/run-tool.ts";
import type { Context } from "../context.ts";

/** An image that may be installed, from where the config says that images are. */
export async function openInstallImage(
  { log }: Pick<Context, "log">,
  image: string,
  yaml: string | undefined,
  signal: AbortSignal,
): Promise<ImageSource> {
  const key = releaseKey();
  if (!key) log.write("warn", "install: this image has no release key, so no signature is asked for");
  const config = yaml === undefined ? undefined : parseMachineConfig(yaml);
  const registry = (name: string) => registryEndpoints(config, name);
  return openImage({ image, key, fetch, registry, signal });
}

export interface WhatToWrite {
  readonly devPath: string;
  readonly source: ImageSource;
  readonly yaml: string | undefined;
  readonly extraKernelArgs: readonly string[];
  /** Install even where something is. All of it is lost. */
  readonly wipe: boolean;
}

export async function writeToDisk(
  context: Pick<Context, "orphans">,
  { devPath, source, yaml, extraKernelArgs, wipe }: WhatToWrite,
  progress: InstallProgress,
  signal: AbortSignal,
): Promise<void> {
  await using disk = await openBlockDevice(devPath);
  const commandLine = readFileSync("/proc/cmdline", "utf8");
  const request = {
    ...{ disk, source, loader: await readBootLoader(), config: yaml, meta: new Map(), wipe },
    kernelArguments: installedArguments(commandLine, extraKernelArgs, source.release.kernelArguments),
    ...{ scratch: "/run", newGuid: () => crypto.randomUUID() },
    run: runTool((child) => context.orphans.track(child)),
  };
  await install(request, progress, signal);
}
