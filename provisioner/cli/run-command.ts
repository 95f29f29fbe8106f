import { type Command, CommanderError } from "commander";
import { printable } from "../printable.ts";
import { CommandFailure, exitCodes } from "./exit-codes.ts";

/** Runs a command line; resolves to its exit code. What went wrong is said in one line for each cause. */
export async function runCommand(
  root: Command,
  words: readonly string[],
  say: (text: string) => void,
): Promise<number> {
  withoutExits(root);
  // Reasons may quote what a machine says of itself.
  const note = (text: string) => say(text.split("\n").map(printable).join("\n"));
  try {
    await root.parseAsync(words, { from: "user" });
    return exitCodes.done[0];
  } catch (error) {
    // It has said itself what is wrong, or shown its help.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCodes.done[0] : exitCodes.usage[0];
    }
    if (error instanceof CommandFailure) {
      note(error.message);
      return error.code;
    }
    for (const reason of reasons(error)) note(reason);
    return exitCodes.failed[0];
  }
}

function withoutExits(command: Command): void {
  command.exitOverride();
  for (const one of command.commands) withoutExits(one);
}

function reasons(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.message, ...(error.cause === undefined ? [] : reasons(error.cause))];
}
