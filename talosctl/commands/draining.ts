import type { Command } from "commander";
import { CommandFailed } from "../io.ts";

export interface Draining {
  /** As it was written; what upstream does unless told otherwise when it upgrades. */
  readonly drain: string | boolean;
}

export const draining = (command: Command): Command =>
  command
    .option("--drain [boolean]", "empty the Kubernetes node first; only upstream's talosctl does", false)
    .option("--drain-timeout <duration>", "accepted for compatibility", "5m0s");

/** Throws when it is asked for, before anything is done. */
export function refuseToDrain({ drain }: Draining): void {
  if (drain === false || drain === "false") return;
  throw new CommandFailed(
    "Cannot drain: this talosctl does not speak to Kubernetes; drain by kubectl before",
  );
}
