import { once } from "node:events";
import { parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { type InstallSettings, installSettings } from "../../../machine-config/settings/install.ts";
import { pinArgument, pinnedFetch } from "../../agent/pinned-fetch.ts";
import { listDisks } from "../../block/disks.ts";
import { chooseDisk } from "../../install/choose-disk.ts";
import { quarters } from "../../install/quarters.ts";
import { tellInstalled } from "../../install/tell-installed.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import type { Context } from "../context.ts";
import { openInstallImage, writeToDisk } from "./write-to-disk.ts";

interface WantedInstall {
  readonly yaml: string;
  readonly settings: InstallSettings;
  readonly url: string;
}

/** What the machine config says of installing; undefined when nothing, or nothing that can be done. */
export async function wantedInstall({
  state,
  log,
  arguments: args,
}: Context): Promise<WantedInstall | undefined> {
  const yaml = (await state.find(MachineConfig, "v1alpha1"))?.spec.yaml;
  const settings = yaml === undefined ? undefined : installSettings(parseMachineConfig(yaml));
  if (yaml === undefined || !settings) {
    log.write("info", "the machine config names no disk to install on: running from memory");
    return undefined;
  }
  const url = imageUrl(settings, args().last("ingot.image"));
  if (url !== undefined) return { yaml, settings, url };
  log.write(
    "error",
    "Cannot install: neither machine.install.image nor the kernel argument ingot.image is an address of an image. Running from memory",
  );
  return undefined;
}

/** Does what the machine config says of installing, and restarts into it. */
export async function installSystem(context: Context, signal: AbortSignal): Promise<void> {
  const { log, end } = context;
  const { yaml, settings, url } = (await wantedInstall(context))!;
  const { disk, skipped } = chooseDisk(await listDisks("/sys"), settings.disk);
  for (const reason of skipped) log.write("info", `install: not on ${reason}`);
  if (!disk) throw new Error(`Cannot install: no disk is the one that the machine config means`);
  log.write("info", `install: ${url} on ${disk.devPath}`);

  const source = await openInstallImage(context, url, yaml, signal);
  {
    using steps = stepsOf(context.journal);
    const progress = {
      step(name: string) {
        log.write("info", `install: ${name}`);
        steps.next(name);
      },
      written: quarters((percent) => log.write("info", `install: ${percent} % of the image`)),
    };
    const { extraKernelArgs, wipe } = settings;
    const { devPath } = disk;
    await writeToDisk(context, { devPath, source, yaml, extraKernelArgs, wipe }, progress, signal);
  }
  log.write("info", "install: done");
  await tell(context, signal);
  end("restart");
  // Nothing else begins in a machine that goes down.
  await once(signal, "abort");
}

/** Tells of each step as of a task. */
function stepsOf(journal: Context["journal"]): Disposable & { next(name: string): void } {
  let current: string | undefined;
  const tell = (action: "start" | "stop") =>
    current !== undefined &&
    journal.tell({ of: "task", action, task: current, phase: "install", sequence: "install", actorId: "" });
  return {
    next(name) {
      tell("stop");
      current = name;
      tell("start");
    },
    [Symbol.dispose]: () => void tell("stop"),
  };
}

/** Tells whoever waits for it that the system is on the disk. */
async function tell({ log, arguments: args }: Context, signal: AbortSignal): Promise<boolean> {
  const url = args().last("ingot.installed");
  if (url === undefined) return false;
  const failed = (reason: string) =>
    log.write("warn", `nobody heard that the system is installed: ${reason}`);
  const pinned = pinnedFetch(args().last(pinArgument), fetch);
  return tellInstalled(url, { fetch: pinned, tries: 40, failed, signal });
}

/**
 * A machine that was booted to be installed, and is: whoever booted it did not hear of it. When that is put right it
 * restarts, from its disk; else it does its work as it is.
 */
export async function leaveInstaller(context: Context, signal: AbortSignal): Promise<void> {
  const { log, end } = context;
  log.write("info", "install: the system is installed already");
  if (!(await tell(context, signal))) return;
  end("restart");
  await once(signal, "abort");
}

/** A config made for upstream names an installer's container image, which says nothing of ours. */
function imageUrl({ image }: InstallSettings, argument: string | undefined): string | undefined {
  if (image !== undefined && /^(https?|oci):\/\//.test(image)) return image;
  return argument || undefined;
}
