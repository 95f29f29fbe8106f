import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Script } from "node:vm";

/** PID 1's program in a folder: one CommonJS file, wrapped in a function, and what V8 made of it when the image was built. */
const fileOf = (folder: string) => join(folder, "program.js");
export const compiledOf = (folder: string) => join(folder, "program.compiled");

export interface ProgramScript {
  /** The compiled code is of another Node, or of another program: it is compiled here, which takes its time. */
  readonly isCompiledHere: boolean;
  compiled(): Uint8Array;
  run(): void;
}

export function programScript(folder: string): ProgramScript {
  const filename = fileOf(folder);
  const compiled = compiledOf(folder);
  // esbuild writes nothing but ASCII.
  const script = new Script(readFileSync(filename, "latin1"), {
    // Compiled code holds it: not the folder, then, which is another one where the image is built.
    filename: "program.js",
    ...(existsSync(compiled) && { cachedData: readFileSync(compiled) }),
  });
  return {
    isCompiledHere: script.cachedDataRejected !== false,
    compiled: () => script.createCachedData(),
    run() {
      const start = script.runInThisContext() as (...args: readonly unknown[]) => void;
      const module = { exports: {} };
      start(module.exports, createRequire(filename), module, filename, dirname(filename));
    },
  };
}
