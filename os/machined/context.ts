import type { State } from "../../cosi/state.ts";
import type { LogBook } from "../services/logs/log-book.ts";
import type { Orphans } from "./adopt-orphans.ts";
import type { Faults } from "./faults.ts";
import type { Journal, SequenceName } from "./journal.ts";
import type { KernelArguments } from "./kernel-arguments.ts";
import type { Life } from "./life.ts";
import type { ProblemLog } from "./problems.ts";
import type { Sequence } from "./sequencer.ts";
import type { Vitals } from "./vitals.ts";
import type { Watchdog } from "./watchdog.ts";

/** What the tasks of PID 1's sequences work with. */
export interface Context {
  readonly arguments: () => KernelArguments;
  readonly release: string;
  readonly log: ProblemLog;
  /** What all services say. */
  readonly logs: LogBook;
  readonly orphans: Orphans;
  /** Everything that is known of the node, as resources. */
  readonly state: State;
  readonly vitals: Vitals;
  readonly watchdog: Watchdog;
  /** Resolves when the disks that this machine has are there; a disk that comes later is told by the kernel. */
  readonly disks: PromiseWithResolvers<void>;
  readonly faults: Faults;
  /** What PID 1 is at. */
  readonly journal: Journal;
  /** Undefined until the boot sequence is done. */
  readonly life: () => Life | undefined;
  /** What serves others; stopped first when the machine goes down. */
  readonly services: AsyncDisposableStack;
  /** What a task opens for as long as the node runs; closed, the newest first, when all services are stopped. */
  readonly closing: AsyncDisposableStack;
  /** Does what somebody asked for while the machine runs; rejects with what failed. Its steps are told of. */
  readonly run: (sequence: Sequence<Context>) => Promise<void>;
  /** Ends this boot, once all is closed. */
  readonly end: (how: "restart" | "powerOff", why?: EndingReason) => void;
}

/** What the end of a boot is part of. */
export interface EndingReason {
  readonly sequence: SequenceName;
  readonly actorId: string;
  /** Whoever asked for it does not want to wait for what does not close. */
  readonly forced?: boolean;
}
