// The two suites of tests: beside the code, on this machine; and with virtual machines, in namespaces of their own.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNamespaces, whyNoNamespaces } from "./in-namespaces.ts";

export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = join(import.meta.dirname, "..");

export const unitSuite = (options: readonly string[]): Promise<Count> =>
  run("vitest.config.ts", options, runHere);

export async function machineSuite(options: readonly string[]): Promise<Count> {
  const ready = await prepareMachines(options.includes("--all") ? images : images.slice(0, 1));
  return ready
    ? run("test/qemu/vitest.config.ts", options, runInNamespaces)
    : { passed: 0, failed: 1, skipped: 0 };
}

/** Runs a program where machines can be booted; resolves to its exit status. */
export async function machineLab(script: string, options: readonly string[]): Promise<number> {
  return (await prepareMachines(images.slice(0, 1)))
    ? runInNamespaces(process.execPath, [script, ...options])
    : 1;
}

/** The builder's options for each image that machines boot; all but the first are for `--all`. */
const images: readonly (readonly string[])[] = [
  [],
  ["--profile", "metal", "--out", "out/image-metal"],
  ["--extension", "containers", "--out", "out/image-containers"],
];

/** What machines need, and a way for them to run; says what is wrong when there is none. */
async function prepareMachines(wanted: typeof images): Promise<boolean> {
  const obstacle = whyNoNamespaces();
  if (obstacle) {
    console.error(`ingot: ${obstacle}`);
    return false;
  }
  return prepareImages(wanted);
}

/** Builds what machines boot, or takes what is built already. */
export const prepareImage = () => prepareImages(images.slice(0, 1));

async function prepareImages(wanted: typeof images): Promise<boolean> {
  console.log("building the operating system's image for the machines");
  for (const options of wanted) {
    const build = [join(root, "os/image/main.ts"), "--quiet", ...options];
    if ((await runHere(process.execPath, build)) === 0) continue;
    console.log("that failed: perhaps what was downloaded before will do");
    if ((await runHere(process.execPath, [...build, "--offline"])) !== 0) return false;
  }
  return true;
}

async function run(
  config: string,
  options: readonly string[],
  runner: (command: string, args: readonly string[]) => Promise<number>,
): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-suite-"));
  const result = join(folder, "result.json");
  try {
    await runner(process.execPath, [join(root, "workshop/suite.ts"), join(root, config), result, ...options]);
    // A suite that died has no result: that is one failure, whatever it did before.
    if (!existsSync(result)) return { passed: 0, failed: 1, skipped: 0 };
    return JSON.parse(readFileSync(result, "utf8")) as Count;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function runHere(command: string, args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => reject(new Error(`Cannot run ${command}: ${cause.message}`, { cause })));
    child.on("close", (code) => resolve(code ?? 1));
  });
}
