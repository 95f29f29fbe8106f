// What the exit code says, for scripts; the numbers mean the same in all of `ingot`. Shown by `--help`.
import { CommanderError } from "commander";
import { IpmiError } from "../ipmi/error.ts";
import { RedfishError } from "../redfish/error.ts";

export const exitCodes = {
  done: [0, "it is done, or was told"],
  failed: [1, "it failed: what went wrong is on standard error"],
  usage: [2, "the command line is wrong"],
  lacking: [3, "this BMC has no such thing"],
  refused: [4, "the user, the password or the privilege is refused"],
  unreachable: [7, "the BMC does not answer, or is not the one that it should be"],
} as const satisfies Readonly<Record<string, readonly [code: number, meaning: string]>>;

/** The BMC has no such thing. */
export class Lacking extends Error {
  override readonly name = "Lacking";
}

type Kind = IpmiError["kind"] | RedfishError["kind"];

const endings: { readonly [K in Kind]?: keyof typeof exitCodes } = {
  credentials: "refused",
  privilege: "refused",
  noAnswer: "unreachable",
  untrusted: "unreachable",
};

export function exitCodeOf(error: unknown): number {
  // It has said itself what is wrong, or shown its help.
  if (error instanceof CommanderError) return exitCodes[error.exitCode === 0 ? "done" : "usage"][0];
  if (error instanceof Lacking) return exitCodes.lacking[0];
  if (error instanceof IpmiError || error instanceof RedfishError)
    return exitCodes[endings[error.kind] ?? "failed"][0];
  // Nobody answered by any protocol, or one of them said more.
  if (error instanceof AggregateError) return Math.min(...error.errors.map(exitCodeOf));
  return exitCodes.failed[0];
}
