import { spawn } from "node:child_process";
import { join } from "node:path";

export interface Tool {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const bin = join(import.meta.dirname, "../node_modules/.bin");

/** Runs tools one after another, prints a line for each, and the output of those that failed. */
export async function runAll(tools: readonly Tool[]): Promise<{ passed: number; failed: number }> {
  let failed = 0;
  for (const tool of tools) {
    const { status, output } = await runTool(tool);
    console.log(`${status === 0 ? "ok  " : "FAIL"} ${tool.name}`);
    if (status !== 0) {
      failed++;
      console.log(output);
    }
  }
  return { passed: tools.length - failed, failed };
}

function runTool({ command, args }: Tool): Promise<{ status: number; output: string }> {
  const child = spawn(join(bin, command), args, { stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
