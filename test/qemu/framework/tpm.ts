// A TPM 2.0: swtpm, which ends with its machine. What it remembers is in a folder and stays.
import { existsSync, mkdirSync } from "node:fs";
import { Child } from "./child.ts";
import { deadlineMs } from "./deadlines.ts";
import type { RunDirectory } from "./run-directory.ts";

export interface TpmOptions {
  readonly name: string;
  readonly directory: RunDirectory;
  /** Where QEMU finds it. */
  readonly socket: string;
}

/** One for each power-on. */
export async function startTpm({ name, directory, socket }: TpmOptions): Promise<Child> {
  const state = directory.file(`${name}.tpm-state`);
  mkdirSync(state, { recursive: true });
  const logFile = directory.file(`${name}.tpm.log`);
  const args = [
    "--tpm2",
    "--tpmstate",
    `dir=${state}`,
    "--ctrl",
    `type=unixio,path=${socket}`,
    "--terminate",
  ];
  const tpm = new Child(`${name}'s TPM`, "swtpm", ["socket", ...args], logFile);
  const expiry = AbortSignal.timeout(deadlineMs.processStart);
  while (!existsSync(socket)) {
    if (!tpm.running || expiry.aborted) {
      await tpm.stop("SIGKILL");
      throw new Error(`Cannot start ${tpm.name}; see ${logFile}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return tpm;
}
