import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compiledOf } from "../machined/starter/program-script.ts";
import { nodeFlags } from "./node-flags.ts";
import { tool } from "./tool.ts";

export interface CompileOptions {
  readonly project: string;
  /** Where the program is, and where what becomes of it goes. */
  readonly folder: string;
  /** The Node that will run it. */
  readonly node: string;
  readonly signal: AbortSignal;
}

/** V8, src/snapshot/code-serializer.h, SerializedCodeData: a digest of V8's flags is the fourth word of the header. */
const flagDigest = { start: 12, end: 16 };

/** What V8 makes of the program, so that the node need not: the same bytes for the same program. */
export async function compileProgram({ project, folder, node, signal }: CompileOptions): Promise<void> {
  const compile = async (...flags: readonly string[]) => {
    const file = join(folder, "compiling");
    const compiler = join(project, "os/image/compiler/main.ts");
    await tool(node, [...nodeFlags, ...flags, compiler, folder, file], { signal });
    const compiled = await readFile(file);
    await rm(file);
    return compiled;
  };
  // Tables of names are ordered by a seed that V8 draws at each start. One that is given is a flag, though, and V8 takes
  // only code of its own flags: the code of the one, then, under the flags of the other.
  const usual = await compile();
  const ordered = await compile("--hash-seed=1");
  usual.copy(ordered, flagDigest.start, flagDigest.start, flagDigest.end);
  await writeFile(compiledOf(folder), ordered);
}
