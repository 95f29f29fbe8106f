import type { State } from "../../cosi/state.ts";
import type { Orphans } from "./adopt-orphans.ts";
import type { KernelArguments } from "./kernel-arguments.ts";
import type { ProblemLog } from "./problems.ts";
import type { Vitals } from "./vitals.ts";

/** What the tasks of PID 1's sequences work with. */
export interface Context {
  readonly arguments: () => KernelArguments;
  readonly release: string;
  readonly log: ProblemLog;
  readonly orphans: Orphans;
  /** Everything that is known of the node, as resources. */
  readonly state: State;
  readonly vitals: Vitals;
  /** Ends this boot. */
  readonly end: (how: "restart" | "powerOff") => void;
}
