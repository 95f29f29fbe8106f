// Upstream's own Go client, built from test/compat/talos.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** The first build fetches upstream's modules. */
export const buildTimeoutMs = 600_000;

/** The program. */
export async function buildUpstreamClient(directory: string): Promise<string> {
  const program = join(directory, "upstream");
  await promisify(execFile)("go", ["build", "-o", program, "."], { cwd: join(import.meta.dirname, "talos") });
  return program;
}
