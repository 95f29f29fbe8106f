// PID 1. The kernel started stage 1, stage 1 started this.
import { openSync, readFileSync, writeSync } from "node:fs";
import { release } from "node:os";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { reboot } from "../kernel/reboot.ts";
import { adoptOrphans } from "./adopt-orphans.ts";
import { bootSequence } from "./boot-sequence.ts";
import type { Context } from "./context.ts";
import { parseKernelArguments } from "./kernel-arguments.ts";
import { kernelLog } from "./log.ts";
import { runPhases } from "./phases.ts";
import { petWatchdog } from "./watchdog.ts";

const kmsg = openSync("/dev/kmsg", "w");
const log = kernelLog((line) => writeSync(kmsg, line));
const stop = new AbortController();
log.write("info", `program started in ${performance.now().toFixed(0)} ms`);
const context: Context = {
  arguments: () => parseKernelArguments(readFileSync("/proc/cmdline", "utf8")),
  release: release(),
  log,
  orphans: adoptOrphans(process),
  state: new State({ store: new MemoryStore({ history: 500 }), clock: systemClock }),
  end,
};

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
  petWatchdog(log);
} catch (error) {
  fatal(error);
}

function end(how: "restart" | "powerOff"): void {
  stop.abort(new Error(`${how} was asked for`));
  log.write("info", how);
  reboot(how);
}

/** Says why on the console, and restarts the machine after ten seconds so that nobody has to be there. */
function fatal(error: unknown): void {
  log.write("error", `fatal: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (context.arguments().last("panic") === "0") {
    log.write("error", "staying as it is, because of panic=0");
    return;
  }
  log.write("error", "restarting in 10 s");
  setTimeout(() => reboot("restart"), 10_000);
}
