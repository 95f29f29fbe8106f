// PID 1. The kernel started stage 1, stage 1 started this.
import { openSync, readFileSync, writeSync } from "node:fs";
import { release } from "node:os";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { agentArgumentNames } from "../agent/agent-arguments.ts";
import { reboot } from "../kernel/reboot.ts";
import { Screen } from "../kernel/screen.ts";
import { MachineConfig } from "../resources/config/machine-config.ts";
import { LogBook } from "../services/logs/log-book.ts";
import { adoptOrphans } from "./adopt-orphans.ts";
import { ending, initialize, lives } from "./boot-sequence.ts";
import type { Context, EndingReason } from "./context.ts";
import { Faults } from "./faults.ts";
import { Journal } from "./journal.ts";
import { parseKernelArguments } from "./kernel-arguments.ts";
import { chooseLife, type Life } from "./life.ts";
import { kernelLog } from "./log.ts";
import { ProblemLog } from "./problems.ts";
import { Sequencer } from "./sequencer.ts";
import { fatalLines } from "./status-lines.ts";
import { Vitals } from "./vitals.ts";
import { hardwareWatchdog } from "./watchdog.ts";

const restartAfterS = 10;
/** What does not close by then is left to the kernel. */
const closeWithinMs = 60_000;
const forcedWithinMs = 5_000;

const kmsg = openSync("/dev/kmsg", "w");
const logs = new LogBook(() => new Date());
const log = new ProblemLog(
  kernelLog((line) => {
    writeSync(kmsg, line);
    logs
      .open("machined")
      .write(Buffer.from(`${new Date().toISOString()} ${line.replace(/^<\d+>ingot: /, "")}`));
  }),
  () => new Date(),
);
const stop = new AbortController();
let life: Life | undefined;
let isEnding = false;
log.write("info", `program started in ${performance.now().toFixed(0)} ms`);
const vitals = new Vitals();
const context: Context = {
  arguments: () => parseKernelArguments(readFileSync("/proc/cmdline", "utf8")),
  release: release(),
  log,
  logs,
  orphans: adoptOrphans(process),
  state: new State({ store: new MemoryStore({ history: 500 }), clock: systemClock }),
  vitals,
  watchdog: hardwareWatchdog({ log, check: () => vitals.check() }),
  disks: Promise.withResolvers(),
  faults: new Faults(),
  journal: new Journal(),
  life: () => life,
  services: new AsyncDisposableStack(),
  closing: new AsyncDisposableStack(),
  run: (sequence) => sequencer.run(sequence, stop.signal),
  end: (how, why) => void end(how, why),
};
const sequencer = new Sequencer({ context, journal: context.journal, log, now: () => performance.now() });
// The first is disposed of last: controllers work until nobody is served any more.
context.services.defer(() => stop.abort(new Error("the machine goes down")));

process.on("uncaughtException", fatal);
reboot("ctrlAltDelSignals");
process.on("SIGINT", () => context.end("restart"));
process.on("SIGTERM", () => context.end("powerOff"));

void boot();

async function boot(): Promise<void> {
  try {
    await sequencer.run(initialize, stop.signal);
    const config = (await context.state.list(MachineConfig)).resources[0];
    const choice = chooseLife({
      provisioner: context.arguments().last(agentArgumentNames.provisioner),
      configFrom: config?.spec.from,
    });
    log.write("info", `life: ${choice.life}, because ${choice.why}`);
    await lead(choice.life);
    if (choice.life === "maintenance") await lead("run");
  } catch (error) {
    fatal(error);
  }
}

async function lead(next: Life): Promise<void> {
  life = next;
  for (const sequence of lives[next]) await sequencer.run(sequence, stop.signal);
  if (next !== "maintenance") log.write("info", "boot sequence done");
}

async function end(how: "restart" | "powerOff", why?: EndingReason): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  log.write("info", how);
  setTimeout(() => reboot(how), why?.forced ? forcedWithinMs : closeWithinMs);
  const { sequence, actorId } = why ?? { sequence: how === "restart" ? "reboot" : "shutdown", actorId: "" };
  try {
    await sequencer.run({ name: sequence, phases: ending, actorId }, new AbortController().signal);
  } catch (error) {
    log.write("error", `Cannot close everything: ${String(error)}`);
  }
  reboot(how);
}

/**
 * Says why to everybody who can be told, and restarts the machine so that nobody has to be there. What still works goes
 * on until then: the way to the provisioner, above all.
 */
function fatal(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  log.write("error", `fatal: ${error instanceof Error ? (error.stack ?? reason) : reason}`);
  // What breaks while the machine goes down changes nothing any more.
  if (isEnding) return;
  const restarts = context.arguments().last("panic") !== "0";
  const next = restarts
    ? `The machine restarts in ${restartAfterS} seconds.`
    : "The machine stays as it is, because of panic=0.";
  log.write("error", next);
  context.faults.tell({ reason, next });
  try {
    new Screen().show(fatalLines(reason, next));
  } catch (noScreen) {
    log.write("debug", String(noScreen));
  }
  if (restarts) setTimeout(() => context.end("restart"), restartAfterS * 1000);
}
