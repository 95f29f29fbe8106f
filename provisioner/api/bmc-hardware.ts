import { isAbsent } from "../../bmc/bmc.ts";
import type { BmcQueues } from "../controllers/bmc-queues.ts";
import type { Hardware } from "./machine-actions.ts";
import { Problem } from "./problem.ts";

/** The verbs that go straight to a BMC: through its one queue, as everything else does. */
export function bmcHardware(bmcs: BmcQueues): Hardware {
  return {
    cycle: (machine, bmc, signal) => reached(bmcs.powerOf(machine, bmc).press("cycle", signal)),
    identify: async (machine, config, seconds) => {
      const answer = await reached(
        bmcs.of(machine, config).command("identify", (bmc) => bmc.chassis.identify(seconds)),
      );
      if (isAbsent(answer)) throw new Problem(409, answer.absent);
    },
  };
}

/** A BMC that does not answer is no failure of ours. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new Problem(503, `its BMC: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
