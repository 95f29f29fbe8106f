// A slot on trial becomes the one that is booted as soon as the machine is running and ready, and not before. Whatever
// else happens ends in a restart, and the boot loader then takes the slot that worked.
import { readFile } from "node:fs/promises";
import type { InstalledSystem } from "../../install/installed-system.ts";
import { whyItFell } from "../../install/trial.ts";
import { MachineStatus } from "../../resources/runtime/node.ts";
import { Upgrade } from "../../resources/runtime/upgrade.ts";
import type { Context } from "../context.ts";

/** A slot on trial has this long to be up and ready, unless `ingot.trial=SECONDS` says otherwise. */
const usualSeconds = 10 * 60;
/** Linux, include/uapi/linux/watchdog.h, WDIOF_CARDRESET: the boot before was ended by the watchdog. */
const cardReset = 0x20;

type Surroundings = Pick<Context, "state" | "log" | "faults" | "end" | "arguments">;

/** Begins the trial of the slot that was booted, or tells what became of the one that was tried before it. */
export async function tellOfTrial(
  context: Surroundings,
  system: InstalledSystem,
  signal: AbortSignal,
): Promise<void> {
  if (await system.isOnTrial()) return beginTrial(context, system, signal);
  const trial = await system.trial();
  if (!trial || trial.slot === system.slot) return;
  const why = whyItFell(trial, { resetByWatchdog: await wasResetByWatchdog() });
  await system.endTrial(why);
  const { slot, image } = trial;
  context.log.write(
    "error",
    `The upgrade to ${image} was given up, and slot ${system.slot} runs again: ${why}`,
  );
  const spec = { phase: "failed", slot, image, reason: why } as const;
  await context.state.as("Upgrades").set(Upgrade, "upgrade", { spec });
}

async function beginTrial(
  context: Surroundings,
  system: InstalledSystem,
  signal: AbortSignal,
): Promise<void> {
  const { state, log, faults, end, arguments: args } = context;
  const { slot } = system;
  const image = (await system.trial())?.image ?? "";
  const owned = state.as("Upgrades");
  await owned.set(Upgrade, "upgrade", { spec: { phase: "trial", slot, image, reason: "" } });
  const seconds = Number(args().last("ingot.trial")) || usualSeconds;
  log.write("info", `slot ${slot} is on trial: it has ${seconds} s to be ready`);
  await system.noteTrial({ reached: "PID 1" });

  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const giveUp = async (failure: string) => {
    over.abort();
    log.write("error", `slot ${slot} is given up: ${failure}`);
    await system.noteTrial({ failure }).catch((error: unknown) => log.write("error", String(error)));
    end("restart");
  };
  const timer = setTimeout(() => {
    void unmet(context).then((why) => giveUp(`it was not ready within ${seconds} s: ${why}`));
  }, seconds * 1000);
  until.addEventListener("abort", () => clearTimeout(timer));
  // Also where the kernel arguments say that a fault leaves the machine as it is: there is a slot that works.
  faults.listen(({ reason }) => {
    if (!until.aborted) void giveUp(reason);
  });
  void prove().catch((error: unknown) => {
    if (!until.aborted) void giveUp(`it cannot be kept: ${String(error)}`);
  });

  async function prove(): Promise<void> {
    let reached: string | undefined;
    for await (const _ of state.watch(MachineStatus, { signal: until })) {
      const status = (await state.find(MachineStatus, "machine"))?.spec;
      if (status && status.stage !== reached) {
        reached = status.stage;
        await system.noteTrial({ reached });
      }
      if (status?.stage !== "running" || !status.status.ready) continue;
      await system.commit();
      over.abort();
      await owned.set(Upgrade, "upgrade", { spec: { phase: "done", slot, image, reason: "" } });
      return log.write("info", `slot ${slot} has proved itself`);
    }
  }
}

/** What the machine still waits for. */
async function unmet({ state }: Pick<Context, "state">): Promise<string> {
  const found = (await state.find(MachineStatus, "machine"))?.spec;
  if (!found) return "nothing told of its state";
  const { stage, status } = found;
  const reasons = status.unmetConditions.map(({ name, reason }) => `${name}: ${reason}`);
  return [`it is ${stage}`, ...reasons].join("; ");
}

async function wasResetByWatchdog(): Promise<boolean> {
  const text = await readFile("/sys/class/watchdog/watchdog0/bootstatus", "utf8").catch(() => "0");
  return (Number(text) & cardReset) !== 0;
}
