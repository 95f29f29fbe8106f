// PID 1. The kernel started stage 1, stage 1 started this.
import { openSync, readFileSync, writeSync } from "node:fs";
import { release } from "node:os";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { reboot } from "../kernel/reboot.ts";
import { Screen } from "../kernel/screen.ts";
import { adoptOrphans } from "./adopt-orphans.ts";
import { bootSequence } from "./boot-sequence.ts";
import type { Context } from "./context.ts";
import { parseKernelArguments } from "./kernel-arguments.ts";
import { kernelLog } from "./log.ts";
import { runPhases } from "./phases.ts";
import { ProblemLog } from "./problems.ts";
import { fatalLines } from "./status-lines.ts";
import { Vitals } from "./vitals.ts";
import { petWatchdog } from "./watchdog.ts";

const kmsg = openSync("/dev/kmsg", "w");
const log = new ProblemLog(
  kernelLog((line) => writeSync(kmsg, line)),
  () => new Date(),
);
const vitals = new Vitals();
const stop = new AbortController();
log.write("info", `program started in ${performance.now().toFixed(0)} ms`);
const context: Context = {
  arguments: () => parseKernelArguments(readFileSync("/proc/cmdline", "utf8")),
  release: release(),
  log,
  orphans: adoptOrphans(process),
  state: new State({ store: new MemoryStore({ history: 500 }), clock: systemClock }),
  vitals,
  end,
};

const restartAfterS = 10;

process.on("uncaughtException", fatal);
reboot("ctrlAltDelSignals");
process.on("SIGINT", () => end("restart"));
process.on("SIGTERM", () => end("powerOff"));

try {
  await runPhases(bootSequence, context, {
    signal: stop.signal,
    now: () => performance.now(),
    progress: {
      ended(phase, task, durationMs, failure) {
        if (failure) log.write("error", failure.message);
        else log.write("info", `${phase}: ${task} done (${durationMs.toFixed(0)} ms)`);
      },
    },
  });
  log.write("info", "boot sequence done");
  petWatchdog({ log, check: () => vitals.check() });
} catch (error) {
  fatal(error);
}

function end(how: "restart" | "powerOff"): void {
  stop.abort(new Error(`${how} was asked for`));
  log.write("info", how);
  reboot(how);
}

/** Says why on the console and the screen, and restarts the machine so that nobody has to be there. */
function fatal(error: unknown): void {
  log.write("error", `fatal: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  // What ends while the machine goes down changes nothing any more.
  if (stop.signal.aborted) return;
  const restarts = context.arguments().last("panic") !== "0";
  log.write("error", restarts ? `restarting in ${restartAfterS} s` : "staying as it is, because of panic=0");
  try {
    const reason = error instanceof Error ? error.message : String(error);
    new Screen().show(fatalLines(reason, restarts ? restartAfterS : undefined));
  } catch (noScreen) {
    log.write("debug", String(noScreen));
  }
  // What else happens now must not hide the reason, nor draw over it.
  stop.abort(error);
  if (restarts) setTimeout(() => reboot("restart"), restartAfterS * 1000);
}
