// When the faults are over, nothing of them may last: whoever is somebody's runs, everybody else comes to the pool, and from
// there to its work.
import { once } from "node:events";
import type { Board } from "../board.ts";

export interface AftermathOptions {
  readonly board: Board;
  readonly names: readonly string[];
  /** As an operator does. */
  readonly ask: (name: string, action: "assign" | "retry") => Promise<unknown>;
  readonly whyOf: (name: string) => Promise<string>;
  readonly say: (who: string, text: string) => void;
  /** Nobody wants to know any more. */
  readonly signal: AbortSignal;
  /** Whoever is not there by then is lost. */
  readonly expiry: AbortSignal;
}

type Holds = (name: string) => boolean;

/**
 * Resolves to what is wrong, when every machine is where it belongs, or cannot get there. One that failed says why
 * and is tried again once, as an operator does: with the faults its reason must be gone.
 */
export async function bringHome(options: AftermathOptions & { readonly isHome: Holds }): Promise<string[]> {
  const { names, isHome, ask, whyOf, say } = options;
  const failed = failedOn(options.board);
  await reach(options, (name) => isHome(name) || failed(name));
  for (const name of names.filter(failed)) {
    say(name, `failed: ${await whyOf(name)}; somebody has it tried again`);
    await ask(name, "retry").catch((error: Error) => say(name, `retry: ${error.message}`));
  }
  await reach(options, (name) => !failed(name));
  await reach(options, (name) => isHome(name) || failed(name));
  return lost(options, isHome);
}

/** All that are free are assigned at once. Resolves to what is wrong, when every machine runs, or cannot. */
export async function putToWork(
  options: AftermathOptions & { readonly isAssigned: Holds },
): Promise<string[]> {
  const { board, names, ask, say, isAssigned } = options;
  const failed = failedOn(board);
  const runs = (name: string) => board.stageOf(name) === "running";
  const refused = new Set<string>();
  const assign = async (name: string) => {
    await ask(name, "assign").catch((error: Error) => {
      say(name, `assign: ${error.message}`);
      refused.add(name);
    });
  };
  await Promise.all(names.filter((name) => !isAssigned(name)).map(assign));
  await reach(options, (name) => runs(name) || failed(name) || refused.has(name));
  return lost(options, runs);
}

const failedOn = (board: Board) => (name: string) => board.stageOf(name) === "failed";

/** Resolves as soon as it holds for all of them, or nobody waits any more. */
async function reach({ board, names, signal, expiry }: AftermathOptions, holds: Holds): Promise<void> {
  const over = AbortSignal.any([signal, expiry]);
  if (over.aborted) return;
  await Promise.race([board.until(() => names.every(holds)), once(over, "abort")]);
}

async function lost({ board, names, signal, whyOf }: AftermathOptions, holds: Holds): Promise<string[]> {
  if (signal.aborted) return [];
  const stay = names.filter((name) => !holds(name));
  return Promise.all(
    stay.map(async (name) => `${name} is lost: ${board.stageOf(name)} (${await whyOf(name)})`),
  );
}
