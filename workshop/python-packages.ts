// Programs of other authors that only Python's registry has. Installed once, below out/; without the registry, the tests
// that want them are skipped and say so.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const shelf = join(import.meta.dirname, "../out/python");

export interface PythonPackage {
  /** A program of the package. */
  program(name: string): string;
  /** What its programs need in their environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The package in exactly this version, or why it cannot be had. `alone`: what it depends on comes from Debian. */
export async function pythonPackage(
  requirement: string,
  { alone = false }: { readonly alone?: boolean } = {},
): Promise<PythonPackage | string> {
  const folder = join(shelf, requirement.replaceAll(/[^\w.-]+/g, "-"));
  if (!existsSync(folder)) {
    const unfinished = `${folder}.unfinished-${process.pid}`;
    await mkdir(shelf, { recursive: true });
    try {
      await run(
        "python3",
        [
          "-m",
          "pip",
          "install",
          "--quiet",
          "--retries",
          "0",
          "--timeout",
          "10",
          "--target",
          unfinished,
          ...(alone ? ["--no-deps"] : []),
          requirement,
        ],
        { timeout: 180_000 },
      );
      await rename(unfinished, folder);
    } catch (error) {
      await rm(unfinished, { recursive: true, force: true });
      const [reason] = String((error as { stderr?: string }).stderr ?? error)
        .trim()
        .split("\n")
        .slice(-1);
      return `pip cannot install ${requirement}: ${reason}`;
    }
  }
  return { program: (name) => join(folder, "bin", name), environment: { PYTHONPATH: folder } };
}
