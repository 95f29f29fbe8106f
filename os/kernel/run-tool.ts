import { type ChildProcess, execFile } from "node:child_process";

/** Runs a program to its end. Rejects with its last line when it ends in another way than one that is good. */
export type RunTool = (command: string, args: readonly string[], good?: readonly number[]) => Promise<void>;

/** PID 1 says of every child that it is its own (adopt-orphans.ts). */
export const runTool =
  (track: (child: ChildProcess) => ChildProcess): RunTool =>
  (command, args, good = [0]) =>
    new Promise((resolve, reject) => {
      const child = execFile(command, args, (error, _, stderr) => {
        const code = error ? error.code : 0;
        if (typeof code === "number" && good.includes(code)) return resolve();
        const why = stderr.trim().split("\n").at(-1) || `it ended with ${code ?? "a signal"}`;
        reject(new Error(`Cannot finish ${command}: ${why}`, { cause: error }));
      });
      track(child);
    });
